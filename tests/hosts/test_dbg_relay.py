import time
from tests.hosts.lan import internet
from tests.system.people import Person
def link(person, other):
    rows = {each["name"]: each for each in person.do("peers")["peers"]}
    return rows.get(other.name)
def home(world, net, name, outside):
    router, host = world.host(f"router-{name}"), world.host(name)
    net.lan(f"{outside}.1/24").plug(router, f"{outside}.2/24")
    router.masquerade()
    router.lan("192.168.1.1/24").plug(host, "192.168.1.10/24")
    return host
def test_x(tmp_path):
    with internet() as world:
        net, public = world.host("net"), world.host("public")
        net.lan("203.0.113.1/24").plug(public, "203.0.113.10/24")
        north = home(world, net, "north", "198.51.100"); south = home(world, net, "south", "192.0.2")
        ana = world.person("Ana", tmp_path, public, port=4001)
        ben = world.person("Ben", tmp_path, north, port=4001)
        dan = world.person("Dan", tmp_path, south, port=4001)
        ana.do("found", "Riverside", "--person", "Ana", "--no-passphrase"); ana.start("--offer-relay")
        for o in (ben, dan):
            l = ana.do("invite")["link"]; o.do("join", l, "--person", o.name, "--no-passphrase"); o.start()
        T = time.monotonic()
        for i in range(40):
            print(round(time.monotonic()-T,1), [(r["name"], r["way"], r["address"]) for r in ben.do("peers")["peers"]], flush=True)
            time.sleep(1)
            l = link(ben, dan)
            if l and l["way"] != "relay": break
        for p in (ana, ben, dan): print(p.name, p.log()[-3000:])
