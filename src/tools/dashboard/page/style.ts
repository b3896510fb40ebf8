/** Light and dark by the reader's settings; tables scroll inside their own frame, the page never sideways. */
export const STYLE: string = `:root {
  color-scheme: light dark;
  --page: #f6f6f4; --card: #ffffff; --ink: #1c1c1a; --soft: #5c5c58; --line: #dededa;
  --admitted: #2a6fc9; --refused: #d9531e; --good: #1d7a3e; --bad: #b3261e; --focus: #1a56b0;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #131312; --card: #1d1d1b; --ink: #ededea; --soft: #a9a9a3; --line: #383835;
    --admitted: #5a9cf0; --refused: #f07a45; --good: #5fc785; --bad: #ff8a80; --focus: #8ab8ff;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 76rem; padding: 1rem; background: var(--page); color: var(--ink);
  font: 0.9375rem/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
header { display: flex; flex-wrap: wrap; align-items: center; gap: 0.5rem 1rem; margin-bottom: 1rem; }
h1 { font-size: 1.375rem; margin: 0; }
h2 { font-size: 1rem; margin: 0 0 0.5rem; }
section {
  background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 0.875rem 1rem;
  margin-bottom: 1rem; min-width: 0;
}
main:focus { outline: none; }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; }
select { font: inherit; padding: 0.2rem 0.4rem; max-width: 100%; }
#choice { color: var(--soft); }
#connection { margin: 0 0 0 auto; color: var(--soft); }
#connection::before {
  content: ""; display: inline-block; width: 0.625rem; height: 0.625rem; border-radius: 50%;
  margin-right: 0.4rem; background: var(--soft);
}
#connection[data-state="live"]::before { background: var(--good); }
#connection[data-state="lost"]::before { background: var(--bad); }
.skip { position: absolute; left: -100rem; }
.skip:focus { position: static; }
.hidden {
  position: absolute; width: 1px; height: 1px; margin: 0; overflow: hidden; clip-path: inset(50%);
  white-space: nowrap;
}
.legend { display: flex; flex-wrap: wrap; gap: 0.25rem 1.5rem; list-style: none; margin: 0 0 0.5rem; padding: 0; }
.legend strong { font-variant-numeric: tabular-nums; margin-left: 0.25rem; }
.key { display: inline-block; width: 0.75rem; height: 0.75rem; border-radius: 2px; margin-right: 0.25rem; }
.key.admitted { background: var(--admitted); }
.key.refused { background: var(--refused); }
#chart { display: block; width: 100%; height: 220px; }
#chart .admitted { fill: var(--admitted); }
#chart .refused { fill: var(--refused); }
#chart line { stroke: var(--line); stroke-width: 1; shape-rendering: crispEdges; }
#chart text { fill: var(--soft); font-size: 12px; }
#chart text.scale { text-anchor: end; }
#chart text.middle { text-anchor: middle; }
#chart text.last { text-anchor: end; }
details { margin-top: 0.5rem; }
summary { cursor: pointer; color: var(--soft); }
.pair { display: grid; gap: 0 1rem; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
caption { text-align: left; color: var(--soft); padding-bottom: 0.25rem; }
th, td { text-align: left; padding: 0.3rem 1rem 0.3rem 0; border-top: 1px solid var(--line); white-space: nowrap; }
th:last-child, td:last-child { padding-right: 0; }
thead th { color: var(--soft); font-weight: 500; border-top: 0; }
tbody th { font-weight: 400; }
.figure, td.figure { text-align: right; font-variant-numeric: tabular-nums; }
.tag { color: var(--soft); font-size: 0.8125rem; margin-left: 0.4rem; }
.good { color: var(--good); }
.bad { color: var(--bad); font-weight: 600; }
.empty { color: var(--soft); }
#routes td:nth-child(3) { white-space: normal; min-width: 9rem; }
meter { width: 2.5rem; margin-right: 0.4rem; vertical-align: middle; }
@media (max-width: 62rem) { .pair { grid-template-columns: minmax(0, 1fr); } }
@media (max-width: 30rem) { body { padding: 0.5rem; } section { padding: 0.75rem; } #connection { margin-left: 0; } }
`
