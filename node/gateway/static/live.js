// Keeps the counters of a desk's page fresh while it is looked at; without this the page is whole.
// An element with data-live="name" shows the text of that name. One with data-reload as well has
// the page read anew as soon as the text is no longer the one it names.
const places = document.querySelectorAll("[data-live]");
let source;
const about = document.querySelector("[data-about]")?.dataset.about ?? ""; // a proposal
let since = ""; // what this page has seen when it was opened, said by the first message

function show(texts) {
  since ||= texts.since;
  for (const place of places) {
    const { live, reload } = place.dataset;
    if (!(live in texts)) continue;
    if (reload === undefined) {
      if (place.textContent !== texts[live]) place.textContent = texts[live];
    } else if (reload !== texts[live]) {
      location.reload();
    }
  }
}

// Only for the page in front: a browser holds no more than six connections to one address.
function follow() {
  source?.close();
  if (document.visibilityState !== "visible") return;
  source = new EventSource(`/live?since=${since}&about=${about}`);
  source.onmessage = (event) => show(JSON.parse(event.data));
}

if (places.length) {
  document.addEventListener("visibilitychange", follow);
  addEventListener("pagehide", () => source?.close());
  addEventListener("pageshow", (event) => event.persisted && follow());
  follow();
}
