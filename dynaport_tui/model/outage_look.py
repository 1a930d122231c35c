"""What the page of a service that is down looks like, and how it finds out that it is over."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256

STYLE = """
:root {
  color-scheme: light dark;
  --ground: #faf9f7; --sheet: #ffffff; --line: #e6e3de; --ink: #22252a; --dim: #6c7079;
  --bad: #b3261e; --bad-soft: #fbeceb; --bad-line: #e9a9a4; --warn: #8a5a00; --warn-soft: #fbf2dd;
  --code: #f6f5f2;
  --k: #7b3fb5; --s: #2d7a2d; --n: #8a5a00; --f: #0b5f99;
  --c1: #b3261e; --c2: #2d7a2d; --c3: #8a5a00; --c4: #3454b8; --c5: #7b3fb5; --c6: #0b6e7f;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #15171b; --sheet: #1b1e23; --line: #2c3037; --ink: #e3e5e9; --dim: #969ba6;
    --bad: #ff8a80; --bad-soft: #35201f; --bad-line: #7d403c; --warn: #e5b567;
    --warn-soft: #332a18; --code: #181a1f;
    --k: #c9a1f0; --s: #9ccf8f; --n: #e5b567; --f: #7fbdf0;
    --c1: #ff8a80; --c2: #9ccf8f; --c3: #e5b567; --c4: #8fb0f5; --c5: #c9a1f0; --c6: #72cbd6;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--ground); color: var(--ink);
  font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
}
main { max-width: 68rem; margin: 0 auto; padding: 2.2rem 1.5rem 3rem; }
code, pre, .log, .source {
  font-family: ui-monospace, SFMono-Regular, "JetBrains Mono", Menlo, Consolas,
    "DejaVu Sans Mono", monospace;
  font-size: 13px; font-variant-ligatures: none; tab-size: 4;
}
.who { display: flex; flex-wrap: wrap; align-items: baseline; gap: .2rem .9rem; margin: 0; }
.who b { font-size: 1.05rem; font-weight: 650; }
.who .more { color: var(--dim); }
.state {
  align-self: center; padding: .1rem .6rem; border-radius: 1rem; font-size: 12px;
  font-weight: 650; letter-spacing: .04em; color: var(--bad); background: var(--bad-soft);
}
.state.passing { color: var(--warn); background: var(--warn-soft); }
h1 {
  margin: 1.1rem 0 .9rem; font-size: 1.7rem; line-height: 1.3; font-weight: 640;
  letter-spacing: -.01em; overflow-wrap: anywhere;
}
h1.long { font-size: 1.25rem; }
h1 .rest {
  display: block; margin-top: .35rem; font-size: 1rem; font-weight: 400; letter-spacing: 0;
  color: var(--dim); white-space: pre-line;
}
h1 code { font-size: .92em; color: var(--ink); }
.wait { display: flex; align-items: center; gap: .6rem; margin: 0 0 2rem; color: var(--dim); }
.wait::before {
  content: ""; flex: none; width: .5rem; height: .5rem; border-radius: 50%;
  background: var(--dim); animation: breathe 2s ease-in-out infinite;
}
@keyframes breathe { 50% { opacity: .25; } }
@media (prefers-reduced-motion: reduce) { .wait::before { animation: none; } }
h2 { margin: 2.2rem 0 .7rem; font-size: 1rem; font-weight: 650; }
h2 .more { margin-left: .5rem; font-weight: 400; color: var(--dim); overflow-wrap: anywhere; }
.error { margin: 1.4rem 0 .7rem; white-space: pre-wrap; overflow-wrap: anywhere; }
.link { margin: 2rem 0 0; color: var(--dim); }
.frame, details {
  margin: 0 0 .8rem; border: 1px solid var(--line); border-radius: 8px; background: var(--sheet);
  overflow: hidden;
}
.frame > p, summary { margin: 0; padding: .45rem .9rem; }
.frame > p { border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
.frame > p:last-child { border-bottom: 0; }
.frame .where, .frame .hint { color: var(--dim); }
.frame .hint { float: right; font-size: 13px; }
.source, .log, pre { margin: 0; padding: .6rem 0; overflow-x: auto; background: var(--code); }
.source > div, .log > div { display: grid; grid-auto-flow: column; justify-content: start; }
.source > div { grid-template-columns: 3.6rem max-content; width: max-content; min-width: 100%; }
.source span.no {
  padding-right: .9rem; text-align: right; color: var(--dim); opacity: .75; user-select: none;
}
.source .text { white-space: pre; padding-right: 1rem; }
.source .here { background: var(--bad-soft); box-shadow: inset 3px 0 var(--bad); }
.source .here .no { color: var(--bad); opacity: 1; }
.source em { font-style: normal; border-bottom: 2px solid var(--bad); }
i { font-style: normal; }
i.k { color: var(--k); } i.s { color: var(--s); } i.n, i.d { color: var(--n); }
i.m { color: var(--dim); } i.f, i.t { color: var(--f); }
details { background: none; }
summary { cursor: pointer; color: var(--dim); }
summary:hover { color: var(--ink); }
details[open] > summary { border-bottom: 1px solid var(--line); }
details ol { margin: 0; padding: .5rem .9rem .6rem; list-style: none; }
details li { padding: .15rem 0; overflow-wrap: anywhere; }
details li code { color: var(--dim); }
details li code.call { display: block; padding-left: 2ch; color: var(--ink); }
pre { padding: .7rem .9rem; white-space: pre; }
.log { padding: .6rem .9rem; border: 1px solid var(--line); border-radius: 8px; }
.log > div { grid-template-columns: 9ch 1fr; justify-content: stretch; }
.log .text { white-space: pre-wrap; overflow-wrap: anywhere; }
.log time, .log .cut { color: var(--dim); }
.c1 { color: var(--c1); } .c2 { color: var(--c2); } .c3 { color: var(--c3); }
.c4 { color: var(--c4); } .c5 { color: var(--c5); } .c6 { color: var(--c6); }
.c0, .dim { color: var(--dim); } .b { font-weight: 650; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1.4rem; margin: 0; }
dt code { user-select: all; }
dd { margin: 0; color: var(--dim); overflow-wrap: anywhere; }
@media (max-width: 42rem) {
  main { padding: 1.2rem .8rem 2rem; }
  h1 { font-size: 1.35rem; }
  .source > div { grid-template-columns: 2.9rem max-content; }
  .frame .hint { float: none; display: block; }
  dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .6rem; }
}
"""

LOOK = "X-Dynaport-Look"
"""The field that says after how many seconds the page may ask again."""

SCRIPT = """
"use strict";
(() => {
  const page = document.documentElement;
  const here = location.href.split("#")[0];
  let timer = 0, busy = false;

  const again = () => {
    // What a form has sent is not sent once more.
    if (page.dataset.method === "GET") location.reload(); else location.replace(here);
  };
  const ask = (options) => fetch(here, {cache: "no-store", redirect: "manual", ...options});
  const isOver = (answer) => !answer.headers.has("X-Dynaport-State");
  const say = (text) => {
    const note = document.getElementById("note");
    if (note.textContent !== text) note.textContent = text;
  };

  const renew = async () => {
    const answer = await ask({headers: {"Accept": "text/html"}});
    if (isOver(answer)) return again();
    const text = await answer.text();
    const fresh = new DOMParser().parseFromString(text, "text/html");
    page.dataset.tag = fresh.documentElement.dataset.tag;
    document.title = fresh.title;
    document.querySelector("main").replaceWith(fresh.querySelector("main"));
    tick();
  };

  const look = async () => {
    if (busy) return;
    busy = true;
    clearTimeout(timer);
    let pause = 0.5;
    try {
      const seen = page.dataset.tag;
      const answer = await ask({method: "HEAD", headers: {"X-Dynaport-Seen": seen}});
      if (isOver(answer)) return again();
      if (answer.headers.get("ETag") !== seen) await renew();
      pause = Number(answer.headers.get("X-Dynaport-Look")) || 1;
      say(document.querySelector("main").dataset.note);
    } catch {
      say("Nobody listens any more: it was stopped. The page goes on looking.");
    }
    busy = false;
    timer = setTimeout(look, pause * 1000);
  };

  const long = (s) => s < 120 ? `${s} s`
    : s < 7200 ? `${Math.round(s / 60)} min` : `${Math.round(s / 3600)} h`;
  const tick = () => {
    const now = Date.now() / 1000;
    for (const one of document.querySelectorAll("[data-since]"))
      one.textContent = `for ${long(Math.max(0, Math.round(now - one.dataset.since)))}`;
    for (const one of document.querySelectorAll("[data-again]")) {
      const left = Math.ceil(one.dataset.again - now);
      one.textContent = left > 0 ? `starts again in ${long(left)}` : "starts again now";
    }
  };

  document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
  setInterval(tick, 1000);
  tick();
  look();
})();
"""

ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
    "%3Ccircle cx='8' cy='8' r='6' fill='%23d0453b'/%3E%3C/svg%3E"
)


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


POLICY = "; ".join(
    [
        "default-src 'none'",
        f"script-src {_hash(SCRIPT)}",
        f"style-src {_hash(STYLE)}",
        "img-src data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'self'",
    ]
)
"""Content-Security-Policy: our own script and style, word for word, and nothing else."""
