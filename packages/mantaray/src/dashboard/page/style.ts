/** The page's look: system colours, light and dark, no dependency. */
export const style = `
:root { color-scheme: light dark; --line: light-dark(#d8dde3, #333a42); --dim: light-dark(#5b6672, #98a3ae);
  --good: light-dark(#147a3d, #5ecf8a); --busy: light-dark(#8a5a00, #e0b354); --bad: light-dark(#b3261e, #f2857d); }
body { font: 14px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 76rem; padding: 1rem 1.5rem 3rem; }
header { display: flex; align-items: baseline; gap: 1rem; border-bottom: 1px solid var(--line); }
h1 { font-size: 1.25rem; } h2 { font-size: 1rem; margin: 2rem 0 .5rem; } h3 { font-size: .95rem; margin: 1rem 0 .25rem; }
.dim { color: var(--dim); } .scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { font-weight: 600; color: var(--dim); white-space: nowrap; } code { font-size: .9em; word-break: break-all; }
.good { color: var(--good); } .busy { color: var(--busy); } .bad { color: var(--bad); }
form { display: flex; gap: .5rem; margin: 1rem 0; } input { flex: 1; max-width: 40rem; padding: .4rem; }
#stale { display: none; } .stale #stale { display: inline; color: var(--bad); }
`;
