// How the stage, the panels and the tools look. Colours are the theme's variables; the stage is dark in both themes.
import { css } from "../theme.js";

export const styles = css`
  .main { overflow: hidden; }
  .stage {
    position: relative; flex: 1; min-height: 0; overflow: clip; background: #20262d; outline: none; touch-action: none;
    user-select: none; -webkit-user-select: none; -webkit-touch-callout: none; contain: strict;
  }
  .stage.keyed:focus-visible { box-shadow: inset 0 0 0 2px var(--crowd-accent); }
  .stage.pans { cursor: grab !important; }
  /* The pointer is the stage's alone: a thousand shapes that inherited it would be styled anew whenever it changes. */
  .stage > * { position: absolute; inset: 0; pointer-events: none; cursor: default; }
  .picture img { position: absolute; left: 0; top: 0; max-width: none; transform-origin: 0 0; }
  .crisp { image-rendering: pixelated; }
  .stage > .upper-canvas { inset: 0 auto auto 0; width: 1px; height: 1px; transform-origin: 0 0; }
  .stage > .paint { inset: 0 auto auto 0; transform-origin: 0 0; image-rendering: pixelated; opacity: .6; }
  .scene { width: 100%; height: 100%; overflow: visible; }
  .cross { background: rgb(255 255 255 / 85%); outline: 1px solid rgb(0 0 0 / 30%); will-change: transform; }
  .stage > .cross.across { inset: 0 0 auto 0; height: 1px; margin-top: -.5px; }
  .stage > .cross.down { inset: 0 auto 0 0; width: 1px; margin-left: -.5px; }

  .shape { outline: none; }
  .scene path { fill: none; stroke-linejoin: round; stroke-linecap: round; vector-effect: non-scaling-stroke; }
  .edge { stroke: rgb(0 0 0 / 45%); stroke-width: 4px; }
  .line { stroke: currentColor; stroke-width: 2px; }
  .filled .line { fill: currentColor; fill-opacity: .07; }
  .dots .edge { stroke-width: 13px; stroke: rgb(0 0 0 / 60%); }
  .dots .line { stroke-width: 9px; }
  .dots .selected .edge { stroke: #fff; }
  .dots ~ .handles { display: none; }
  .selected .line { stroke-width: 3px; }
  .proposed .line { stroke-dasharray: 8 6; }
  .proposed .edge { stroke: rgb(255 255 255 / 80%); }
  .filled .selected .line { fill-opacity: .15; }
  .keyed .shape:focus-visible .edge { stroke: #fff; stroke-width: 6px; }
  .begun .line { stroke-dasharray: 5 4; }
  .begun .edge { stroke-width: 3px; }
  .brush { fill: none; vector-effect: non-scaling-stroke; stroke-dasharray: none !important; }
  .next { gap: .55rem; padding: .38rem .35rem; color: var(--crowd-muted); font-size: .9rem; }
  .begun.wrong .line { stroke: #ff5a4f; }
  .handle { fill: #fff; stroke: #16212c; stroke-width: 1.5px; transform: scale(var(--px)); }
  .tag text {
    font: 600 12px var(--crowd-font); fill: #fff; stroke: rgb(16 20 26 / 78%); stroke-width: 4px; paint-order: stroke; stroke-linejoin: round;
    transform: scale(var(--px));
  }
  .crowded .shape:not(.selected) .edge { display: none; }
  @media (pointer: coarse) { .handle { transform: scale(calc(var(--px) * 1.7)); } }

  .hint {
    position: absolute; inset-inline: 0; top: .6rem; margin: auto; width: fit-content; max-width: min(90%, 40rem); padding: .25rem .7rem; border-radius: 99px;
    background: rgb(16 20 26 / 80%); color: #fff; font-size: .85rem; pointer-events: none;
  }
  .hint:empty { opacity: 0; }
  .trouble { position: absolute; inset: 0; display: grid; place-content: center; justify-items: center; gap: .5rem; background: var(--crowd-surface); text-align: center; padding: 1rem; }
  .trouble p { margin: 0; }
  .slider {
    position: absolute; bottom: .75rem; inset-inline: 0; margin: auto; width: fit-content; max-width: 94%; display: flex; align-items: center; gap: .7rem;
    padding: .35rem .5rem .35rem .9rem; border-radius: 10px; background: var(--crowd-surface); box-shadow: var(--crowd-shadow); font-size: .9rem;
  }
  .slider input { width: 12rem; min-width: 5rem; accent-color: var(--crowd-accent); }
  .slider output { min-width: 3.2em; text-align: end; font-variant-numeric: tabular-nums; }

  .toolbar, .toolbar .group { display: flex; align-items: stretch; gap: 2px; }
  .toolbar { flex: 1 1 0; min-width: 0; overflow-x: auto; scrollbar-width: none; }
  .group + .group { border-inline-start: 1px solid var(--crowd-line); padding-inline-start: 3px; margin-inline-start: 1px; }
  .tool {
    position: relative; display: grid; justify-items: center; align-content: center; gap: 1px; min-width: 3rem; padding: .3rem .25rem; border: 1px solid transparent;
    border-radius: var(--crowd-radius); background: none; cursor: pointer; white-space: nowrap;
  }
  .tool[data-tool="list"] { display: none; }
  .tool:hover:not(:disabled) { background: var(--crowd-sunken); }
  .tool[aria-pressed="true"] { background: var(--crowd-tint); border-color: var(--crowd-accent); color: var(--crowd-accent); }
  .tool:disabled { opacity: .4; cursor: default; }
  .tool .name { font-size: .7rem; line-height: 1.2; }
  .tool kbd { font-size: .62rem; padding: 0 .3em; border-bottom-width: 1px; }
  .tool:focus-visible { outline-offset: -2px; }
  .icon { fill: none; stroke: currentColor; stroke-width: 1.5; stroke-linecap: round; stroke-linejoin: round; }
  .icon .dot { stroke-width: 3.5; }
  .icon .full { fill: currentColor; }
  .nothing { display: flex; align-items: center; gap: .5rem; margin-inline-start: auto; padding: .3rem .4rem; white-space: nowrap; cursor: pointer; }
  .nothing input { width: 1.1rem; height: 1.1rem; margin: 0; accent-color: var(--crowd-accent); }
  .nothing:has(:disabled) { color: var(--crowd-muted); cursor: default; }
  .nothing + * { margin-inline-start: 0; }
  .tools .submit { margin-inline-start: .5rem; }

  .side { display: flex; flex-direction: column; gap: .5rem; padding: .8rem .75rem; }
  .side h2 { font-size: .8rem; font-weight: 600; color: var(--crowd-muted); padding-inline: .35rem; }
  .side ul, .side ol { list-style: none; margin: 0; padding: 0; }
  .side input[type="search"] { width: 100%; padding: .35rem .6rem; border: 1px solid var(--crowd-control); border-radius: var(--crowd-radius); background: var(--crowd-surface); }
  .labels { display: flex; flex-direction: column; gap: 2px; overflow: auto; flex: 0 1 auto; min-height: 5.5rem; }
  .side li { display: flex; flex-wrap: wrap; align-items: center; border-radius: var(--crowd-radius); }
  .choose {
    flex: 1; min-width: 0; display: flex; align-items: center; gap: .55rem; padding: .38rem .35rem; border: 1px solid transparent; background: none; text-align: start; cursor: pointer;
    border-radius: var(--crowd-radius);
  }
  .choose:hover { background: var(--crowd-raised); }
  .choose[aria-pressed="true"] { background: var(--crowd-tint); border-color: var(--crowd-accent); }
  .choose .name { flex: 1; min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
  .choose .count { color: var(--crowd-muted); font-size: .8rem; font-variant-numeric: tabular-nums; }
  .mark:not(:empty) { flex: none; padding: 0 .4rem; border: 1px dashed currentColor; border-radius: 99px; color: var(--crowd-muted); font-size: .75rem; }
  .note { margin: 0; padding: .45rem .6rem; border-radius: var(--crowd-radius); background: var(--crowd-tint); font-size: .85rem; line-height: 1.35; }
  .square { flex: none; width: .95rem; height: .95rem; border-radius: 3px; box-shadow: inset 0 0 0 1px rgb(0 0 0 / 18%); }
  .eye { flex: none; display: grid; place-items: center; width: 1.9rem; height: 1.9rem; border: 0; background: none; border-radius: var(--crowd-radius); color: var(--crowd-muted); cursor: pointer; }
  .eye:hover { background: var(--crowd-raised); color: var(--crowd-text); }
  .off .name, .off .square { opacity: .45; }
  .shape-list { display: flex; flex-direction: column; gap: .35rem; min-height: 6rem; flex: 1 1 8rem; border-top: 1px solid var(--crowd-line); padding-top: .7rem; }
  .shapes { overflow: auto; flex: 1; min-height: 0; }
  .shape-list li { content-visibility: auto; contain-intrinsic-size: auto 2rem; }
  .shape-list .choose { padding-block: .22rem; font-size: .9rem; }
  .shape-list .choose[aria-expanded="true"] { background: var(--crowd-tint); }
  .shape-list .square { width: .7rem; height: .7rem; }
  .shape-list .eye .icon { width: 16px; height: 16px; }
  .fields { flex: 1 0 100%; display: grid; grid-template-columns: 1fr 1fr; gap: .3rem .5rem; padding: .3rem .35rem .6rem; max-height: 12rem; overflow: auto; }
  .fields label { display: grid; grid-template-columns: 3.2rem 1fr; align-items: center; font-size: .8rem; color: var(--crowd-muted); }
  .fields input { width: 100%; min-width: 0; padding: .15rem .3rem; border: 1px solid var(--crowd-control); border-radius: 4px; background: var(--crowd-surface); color: var(--crowd-text); font-variant-numeric: tabular-nums; }

  @container (max-width: 75rem) {
    .tool { min-width: 2.75rem; min-height: 2.75rem; }
    .tool .name { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  }
  @container (max-width: 52rem) {
    .side { flex-direction: row; align-items: center; gap: .35rem; padding: .4rem .6rem; overflow: hidden; max-height: 30vh; }
    .side input[type="search"] { flex: none; width: 7rem; padding: .5rem .6rem; }
    .side > h2, .side > .note, .shape-list { display: none; }
    .labels { flex-direction: row; overflow: auto hidden; min-height: 0; padding: 2px; scrollbar-width: none; }
    .labels li { flex: none; flex-wrap: nowrap; border: 1px solid var(--crowd-line); }
    .labels .choose { padding: .5rem .6rem; max-width: 12rem; }
    .labels .eye { width: 2.2rem; height: 2.4rem; }
    .tools { gap: .25rem; padding: .3rem .4rem; }
    .tool kbd, .labels kbd { display: none; }
    .tool[data-tool="list"] { display: grid; }
    .side.listing { flex-direction: column; align-items: stretch; max-height: 45vh; }
    .side.listing > :not(.shape-list) { display: none; }
    .side.listing > .shape-list { display: flex; border: 0; padding: 0; }
  }
  @container (max-width: 40rem) {
    .toolbar { flex: 1 1 100%; }
  }
`;
