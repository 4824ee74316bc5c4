-- Read the own profile of the shoppers whose tokens are in a file, in turn.

dofile("bench/lua/report.lua")

local requests, position = {}, 0

function init(arguments)
  for token in io.lines(arguments[1]) do
    local headers = { ["Authorization"] = "Bearer " .. token }
    for name, value in pairs(wrk.headers) do headers[name] = value end
    requests[#requests + 1] = wrk.format("GET", nil, headers)
  end
end

function request()
  position = position % #requests + 1
  return requests[position]
end
