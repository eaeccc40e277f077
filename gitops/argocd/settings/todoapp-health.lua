-- The health of a TodoApp, as its conditions have it. What the operator has not seen yet is progressing.

local function condition(kind)
  for _, each in ipairs(obj.status.conditions or {}) do
    if each.type == kind then
      return each
    end
  end
  return {status = "Unknown", message = ""}
end

if obj.spec ~= nil and obj.spec.suspend then
  return {status = "Suspended", message = "The operator leaves it as it is"}
end
if obj.status == nil or obj.status.observedGeneration ~= obj.metadata.generation then
  return {status = "Progressing", message = "The operator has not seen this generation yet"}
end

local degraded = condition("Degraded")
if degraded.status == "True" then
  return {status = "Degraded", message = degraded.message}
end
local ready = condition("Ready")
if ready.status == "True" then
  return {status = "Healthy", message = ready.message}
end
return {status = "Progressing", message = ready.message}
