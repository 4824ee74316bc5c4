-- Place orders, each by the next shopper under a key of its own.
--
-- Arguments: the file of tokens, the number of products, a word of this run's own that
-- begins the keys, and how many random products an order has; 0: one piece of product 1.

dofile("bench/lua/report.lua")

local LINE = '{"productId": %d, "skuId": %d, "quantity": 1}'
local BODY = '{"items": [%s], "address": {"name": "李雷", "phone": "13800138000", '
  .. '"province": "浙江省", "city": "杭州市", "district": "西湖区", '
  .. '"detail": "文三路1号"}, "remark": "请尽快发货"}'

local tokens, position, products, word, lines = {}, 0, 0, "", 0

function init(arguments)
  for token in io.lines(arguments[1]) do tokens[#tokens + 1] = "Bearer " .. token end
  products, word, lines = tonumber(arguments[2]), arguments[3], tonumber(arguments[4])
  math.randomseed(os.time())
  wrk.headers["Content-Type"] = "application/json"
end

local function items()
  if lines == 0 then return LINE:format(1, 1) end
  local chosen = {}
  local product = math.random(products)
  for number = 1, lines do
    chosen[number] = LINE:format(product, product)
    -- Any other one, never the same twice in an order of two.
    product = (product - 1 + math.random(products - 1)) % products + 1
  end
  return table.concat(chosen, ", ")
end

function request()
  position = position + 1
  wrk.headers["Authorization"] = tokens[position % #tokens + 1]
  wrk.headers["Idempotency-Key"] = word .. position
  return wrk.format("POST", nil, nil, BODY:format(items()))
end
