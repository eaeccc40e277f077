-- Argo CD leaves Applications without health of their own. Without it, no wave of Applications waits for
-- the one before it.

local health = (obj.status or {}).health or {}
return {status = health.status or "Progressing", message = health.message or ""}
