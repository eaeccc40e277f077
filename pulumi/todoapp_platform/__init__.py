"""The platform of TodoApp, as Pulumi components: all of it, or one at a time, in a program of yours.

In come frozen `…Args` classes, which refuse bad values by a `UserError` before anything is created, and the
provider of a cluster (`cluster` makes one). Out come Helm releases and Kubernetes objects, of the versions in
`versions`, and outputs such as `url`. `pulumi/__main__.py` is the first user; it alone reads configuration.
Never may a resource be without its parent, a password be readable, or a TodoApp outlive the operator.

```python
from todoapp_platform import TodoApp, TodoAppArgs

TodoApp("todo", TodoAppArgs(namespace="todo", spec={"api": {"replicas": 2}}))
```
"""

from todoapp_platform.platform import TodoAppPlatform, TodoAppPlatformArgs
from todoapp_platform.todo_app import TodoApp, TodoAppArgs

__all__ = ["TodoApp", "TodoAppArgs", "TodoAppPlatform", "TodoAppPlatformArgs"]
