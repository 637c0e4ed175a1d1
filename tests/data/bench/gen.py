#!/usr/bin/env python3
# Writes the benchmarks' messages (then: gzip -n9 *.json) and schemas into the current directory, always the same:
# one compact canal-json message per line, UTF-8, no escaping of non-ASCII
import json, random, datetime
R = random.Random(20260101)
ADJ = "Big Small Blue Red Heavy Light Carpenter Water-resistant Folding Cordless Premium Mini Steel Rubber Wooden".split()
NOUN = "scooter battery drill hammer rocks jacket tire wrench lamp bucket ladder saw pump chisel clamp".split()
TAIL = ["12V car", "with sizes ranging from #40 to #3", "24 inch spare", "box of assorted", "18oz", "14oz", "black wind breaker",
        "for the \"pro\" user", "schraubenschlüssel größe 10", "防水 夹克", "2-wheel", "C:\\tools\\x", "line1\nline2"]
EPOCH = 1589373560000
def w(path, it):
    n = b = 0
    with open(path, "wb") as f:
        for m in it:
            s = json.dumps(m, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
            f.write(s); n += 1; b += len(s)
    print(path, n, "msgs", b, "bytes", b // n, "avg")
def dec(i, p, hi):
    v = R.randrange(0, hi * 10 ** p); return f"{v // 10**p}.{v % 10**p:0{p}d}" if p else str(v)
def desc():
    k = R.randrange(10)
    t = TAIL[R.randrange(len(TAIL))] if k < 4 else TAIL[R.randrange(7)]
    return f"{R.choice(ADJ)} {R.choice(TAIL[:7])} {R.choice(NOUN)} {t}"
def envelope(i, db, table, data, old, mysql, sqlt, typ):
    return {"data": data, "database": db, "es": EPOCH + i * 1000, "id": 9 + i, "isDdl": False, "mysqlType": mysql, "old": old,
            "pkNames": ["id"], "sql": "", "sqlType": sqlt, "table": table, "ts": EPOCH + i * 1000 + R.randrange(100, 999), "type": typ}
PM = {"id": "INTEGER", "name": "VARCHAR(255)", "description": "VARCHAR(512)", "weight": "FLOAT"}
PS = {"id": 4, "name": 12, "description": 12, "weight": 7}
def product(i, table="products"):
    row = {"id": str(101 + R.randrange(100000)), "name": R.choice(ADJ) + " " + R.choice(NOUN), "description": desc(), "weight": dec(i, 2, 1000)}
    old = {"weight": dec(i, 2, 1000)}
    k = R.randrange(10)
    if k == 0: old = {"description": None}
    elif k == 1: old = {"name": R.choice(NOUN), "weight": dec(i, 2, 1000)}
    return envelope(i, "inventory", table, [row], [old], PM, PS, "UPDATE")
def dt(): return (datetime.datetime(2020, 1, 1) + datetime.timedelta(seconds=R.randrange(0, 200_000_000)))
# wide: id + 39 = 40 columns.  8 bigint, 8 int, 5 double, 5 decimal(18,4), 8 varchar, 4 datetime->TIMESTAMP(3), 2 date
WIDE = [("id","bigint")] + [(f"big_{i}","bigint") for i in range(1,8)] + [(f"int_{i}","int") for i in range(8)] \
     + [(f"dbl_{i}","double") for i in range(5)] + [(f"dec_{i}","decimal") for i in range(5)] + [(f"str_{i}","varchar") for i in range(8)] \
     + [(f"dt_{i}","datetime") for i in range(4)] + [(f"day_{i}","date") for i in range(2)]
assert len(WIDE) == 40
# interleave as real tables do
WIDE = [WIDE[0]] + [WIDE[1 + (i * 7) % 39] for i in range(39)]
MY = {"bigint":"bigint(20)","int":"int(11)","double":"double","decimal":"decimal(18,4)","varchar":"varchar(255)","datetime":"datetime(3)","date":"date"}
SQ = {"bigint":-5,"int":4,"double":8,"decimal":3,"varchar":12,"datetime":93,"date":91}
def val(i, n, t):
    if n != "id" and R.random() < 0.08: return None
    if t == "bigint": return str(i + 1) if n == "id" else str(R.randrange(-10**12, 10**17))
    if t == "int": return str(R.randrange(-2**31, 2**31) if R.random() < .3 else R.randrange(0, 5000))
    if t == "double": return repr(R.uniform(-1e6, 1e6)) if R.random() < .7 else repr(round(R.uniform(0, 1000), 2))
    if t == "decimal": return dec(i, 4, 10**R.randrange(2, 9))
    if t == "varchar": return R.choice([desc, lambda: R.choice(NOUN), lambda: f"user_{R.randrange(10**6)}@example.com", lambda: "", lambda: "用户%d" % R.randrange(1000)])()
    if t == "datetime":
        d = dt(); return d.strftime("%Y-%m-%d %H:%M:%S") + ("" if R.random() < .5 else ".%03d" % R.randrange(1000))
    if t == "date": return dt().strftime("%Y-%m-%d")
def wide(i):
    row = {n: val(i, n, t) for n, t in WIDE}
    return envelope(i, "shop", "wide_orders", [row], None, {n: MY[t] for n, t in WIDE}, {n: SQ[t] for n, t in WIDE}, "INSERT")
BATCH = [("id","bigint"),("user_id","bigint"),("qty","int"),("price","decimal"),("discount","double"),("sku","varchar"),("note","varchar"),("status","int"),("created_at","datetime"),("ship_day","date")]
def batch(i):
    rows = [{n: val(i * 100 + r, n, t) for n, t in BATCH} for r in range(100)]
    return envelope(i, "shop", "order_lines", rows, None, {n: MY[t] for n, t in BATCH}, {n: SQ[t] for n, t in BATCH}, "INSERT")
w("products-update.json", (product(i) for i in range(2000)))
w("wide40-insert.json", (wide(i) for i in range(2000)))
w("batch100.json", (batch(i) for i in range(50)))
w("filtered.json", (product(i, "audit_log") for i in range(2000)))
SQL = {"bigint":"BIGINT","int":"INT","double":"DOUBLE","decimal":"DECIMAL(18,4)","varchar":"STRING","datetime":"TIMESTAMP(3)","date":"DATE"}
for name, cols in (("products-update",[("id","BIGINT"),("name","STRING"),("description","STRING"),("weight","DECIMAL(10,2)")]),("wide40-insert",[(n,SQL[t]) for n,t in WIDE]),("batch100",[(n,SQL[t]) for n,t in BATCH])):
    open(name + ".schema","w").write("".join(f"{n}\t{t}\n" for n,t in cols))
