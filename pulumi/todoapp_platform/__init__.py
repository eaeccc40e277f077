"""The platform of TodoApp, as Pulumi components: all of it, or one at a time, in a program of yours.

```python
from todoapp_platform import TodoApp, TodoAppArgs

TodoApp("todo", TodoAppArgs(namespace="todo", spec={"api": {"replicas": 2}}))
```
"""

from todoapp_platform.platform import TodoAppPlatform, TodoAppPlatformArgs
from todoapp_platform.todo_app import TodoApp, TodoAppArgs

__all__ = ["TodoApp", "TodoAppArgs", "TodoAppPlatform", "TodoAppPlatformArgs"]
