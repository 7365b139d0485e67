import httpx, pytest, csv, io, re
from tests.gateway.village import *
from tests.gateway.hostile import *
from node.gateway.apps import *
from tests.gateway.test_guests import window
from node.gateway.offers import *
CELLS=["=1+1","+1","-1","@SUM(A1)","\t=1","\r=1","＝1","'=1"," =1","\n=1", "|x", "%0A=1", ";=1", "\u200b=1","\ufeff=1","\x00=1"]
async def test_csv(village, desk):
    for c in CELLS:
        try: village.ana.offer(c[:50], description=c, story=c, category=c, place=c, condition=c, delivery=c, tags=(c,), variants=(__import__("protocol.kinds.listing").kinds.listing.Variant(name=c,price=1,sku=c),))
        except Exception as e: print("skip",repr(c),e)
    for f in ("csv","shopify"):
        t=(await desk.get(f"/export/{f}")).text
        for row in csv.reader(io.StringIO(t,newline="")):
            for cell in row:
                if re.match(r"[\s\x00\u200b\ufeff]*[=+\-@＝＋－＠|]", cell) and not re.fullmatch(r"-?[\d.]+",cell): print(f, repr(cell))
async def test_members_hidden_inviter(village, shop):
    pass
async def test_post_flood(village):
    app=shop_app(village.gateway(monotonic=lambda:0.0))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app,client=("198.51.100.7",1)),base_url="http://s") as c:
        codes=[(await c.post("/")).status_code for _ in range(400)]
        print("POST flood", {k:codes.count(k) for k in set(codes)})
        import time; t=time.perf_counter()
        for _ in range(200): await c.post("/")
        print("405 ms each",(time.perf_counter()-t)/200*1000)
        t=time.perf_counter()
        for _ in range(200): await c.get("/x"*1500)
        print("414 ms each",(time.perf_counter()-t)/200*1000)
        for _ in range(130): r=await c.get("/")
        t=time.perf_counter()
        for _ in range(200): r=await c.get("/")
        print(r.status_code,"429 ms each",(time.perf_counter()-t)/200*1000)
async def test_photo_flood(village):
    app=shop_app(village.gateway(monotonic=lambda:0.0))
