#include "report/page_style.hpp"

namespace autotuner::report {

std::string_view page_style() {
  return R"css(
:root{color-scheme:light dark;--bg:#f6f7f9;--card:#fff;--ink:#16202c;--soft:#5a6675;--line:#dde2e8;--grid:#e9edf1;--accent:#1d5fd0;
--good:#12784a;--good-bg:#e7f5ee;--warn:#8a5a00;--warn-bg:#fdf3dc;--bad:#b3261e;--bad-bg:#fdeceb;--base:#6b7684;--runner:#8250c4;--code:#f0f3f6}
@media(prefers-color-scheme:dark){:root{--bg:#11161c;--card:#1a212a;--ink:#e6ebf1;--soft:#9aa7b6;--line:#303a46;--grid:#252e38;--accent:#79aaff;
--good:#5fd39c;--good-bg:#143326;--warn:#f0bd57;--warn-bg:#3a2e12;--bad:#ff8b82;--bad-bg:#3d1d1b;--base:#a7b1bd;--runner:#bd97f5;--code:#222b35}}
*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
main{max-width:1160px;margin:0 auto;padding:20px}header h1{font-size:1.25rem;margin:0}header p{margin:.1rem 0 1rem;color:var(--soft)}
section,figure{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:16px 18px;margin:0 0 16px}
h2{font-size:1.05rem;margin:0 0 .6rem}h3{font-size:.95rem;margin:0 0 .3rem;font-weight:600}
.verdict{border-left:6px solid var(--good)}.verdict.warn{border-left-color:var(--warn)}.verdict.bad{border-left-color:var(--bad)}
.verdict .sentence{font-size:1.3rem;line-height:1.35;font-weight:650;margin:0 0 .7rem}
.tag{display:inline-block;border-radius:5px;padding:.05rem .5rem;font-size:.8rem;font-weight:650;background:var(--warn-bg);color:var(--warn);vertical-align:middle}
.limits{display:grid;gap:.35rem;margin:.4rem 0 .8rem}.limits div{display:grid;grid-template-columns:5.2rem minmax(90px,220px) 1fr;gap:.8rem;align-items:center}
.kept{color:var(--good);font-weight:600}.broken{color:var(--bad);font-weight:600}
.bar{height:10px;border-radius:5px;background:var(--grid);overflow:hidden}.bar i{display:block;height:100%;background:var(--good)}.bar i.over{background:var(--bad)}
.effects div{grid-template-columns:minmax(6rem,1fr) 2fr 3rem}.effects .bar{display:block}.effects .bar i{background:var(--accent)}
.chips{display:flex;flex-wrap:wrap;gap:.45rem;margin:.2rem 0 .8rem;padding:0;list-style:none}.chips li{background:var(--code);border-radius:6px;padding:.15rem .55rem;font-size:.9rem}
.chips small{color:var(--soft)}ul.plain{margin:.2rem 0 .6rem;padding-left:1.1rem}.soft{color:var(--soft)}
pre{background:var(--code);border-radius:8px;padding:12px;overflow-x:auto;margin:.4rem 0 0;font:13px/1.45 ui-monospace,"SF Mono","DejaVu Sans Mono",monospace}
.tabs{display:flex;flex-wrap:wrap;gap:0 .3rem}.tabs>input{position:absolute;opacity:0}.tabs>label{order:1;padding:.25rem .7rem;border-radius:6px 6px 0 0;cursor:pointer;color:var(--soft)}
.tabs>pre{order:2;width:100%;display:none}.tabs>input:checked+label{background:var(--code);color:var(--ink);font-weight:600}.tabs>input:checked+label+pre{display:block}
.tabs>input:focus-visible+label{outline:2px solid var(--accent)}
.plots{display:grid;grid-template-columns:1fr 1fr;gap:16px;margin-bottom:16px}.plots figure{margin:0}figcaption{color:var(--soft);font-size:.85rem}
svg{width:100%;height:auto;display:block}svg text{fill:var(--soft);font-size:13px;font-family:inherit}.label{fill:var(--ink);paint-order:stroke;stroke:var(--card);stroke-width:3px;stroke-linejoin:round}svg .strong{font-weight:700}
.grid{stroke:var(--grid)}.frame{stroke:var(--line);fill:none}.line{fill:none;stroke-width:2}.frontier{stroke:var(--accent);stroke-dasharray:2 4}
.effect{stroke:var(--accent)}.whisker{stroke:var(--base);stroke-width:1.5}
.best-so-far{stroke:var(--good);stroke-width:2.5}.limit{stroke:var(--bad);stroke-dasharray:6 4;stroke-width:1.5}svg .limit-text{fill:var(--bad)}.beyond{fill:var(--bad);opacity:.09}
.mark{stroke:var(--card);stroke-width:1}.point{fill:var(--accent)}.faint{opacity:.45}.hollow{fill:none!important;stroke:var(--accent);stroke-width:2}
.baseline{fill:var(--base)}.best{fill:var(--good)}.miss{fill:var(--warn)}.cross{fill:none;stroke:var(--bad);stroke-width:2.2}
path.race-interval{stroke:var(--ink)}path.curve-best{stroke:var(--good)}circle.curve-best{fill:var(--good)}path.curve-baseline{stroke:var(--base)}circle.curve-baseline{fill:var(--base)}
path.curve-runner{stroke:var(--runner)}circle.curve-runner{fill:var(--runner)}
.scroll{overflow-x:auto;container-type:inline-size}table{border-collapse:collapse;width:100%;font-size:.9rem}th,td{text-align:left;padding:.32rem .6rem;border-bottom:1px solid var(--line);white-space:nowrap}
th{white-space:normal;vertical-align:bottom}td.wrap{white-space:normal;min-width:16rem}
tr.figures td{border-bottom:0;padding-bottom:0}tr.words td{padding-top:.1rem;font-size:.85rem}tr.words div{position:sticky;left:3rem;width:calc(100cqi - 5rem);white-space:normal}
td.num,th.num{text-align:right;font-variant-numeric:tabular-nums}tr.chosen{background:var(--good-bg)}tr.failed td{color:var(--bad)}
details summary{cursor:pointer;font-weight:600}footer{color:var(--soft);font-size:.85rem;padding:0 4px 20px}
.doubtful{color:var(--warn);font-weight:600}.unknown{color:var(--soft)}.ok{color:var(--good)}
@media(max-width:720px){main{padding:10px}.plots{grid-template-columns:1fr}section,figure{padding:12px}.verdict .sentence{font-size:1.1rem}
.limits div{grid-template-columns:4.6rem 1fr}.limits div>:last-child{grid-column:1/-1}svg text{font-size:16px}svg .long{font-size:12.5px}}
@media print{body{background:#fff}section,figure{break-inside:avoid}}
)css";
}

}  // namespace autotuner::report
