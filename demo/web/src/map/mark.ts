/** A packet's mark: a shape with a letter in it. */
import { svg, type SVGTemplateResult } from 'lit'
import type { PacketKind, Shape } from '../packet.ts'

const PATHS: Record<Shape, string> = {
  circle: 'M-9,0 a9,9 0 1,0 18,0 a9,9 0 1,0 -18,0 z',
  square: 'M-9,-8 h18 v16 h-18 z',
  diamond: 'M0,-11 L11,0 0,11 -11,0 z',
  cross: 'M-5,-10 H5 L10,-5 V5 L5,10 H-5 L-10,5 V-5 z',
  hexagon: 'M-10,0 L-5,-9 H5 L10,0 5,9 H-5 z',
  triangle: 'M0,-11 L11,8 H-11 z',
}

/** Draws the mark around 0,0, about 20 units wide. */
export function mark(kind: PacketKind): SVGTemplateResult {
  const dy = kind.shape === 'triangle' ? 5 : 3.5
  return svg`<g class="mark ${kind.tone}"><path d=${PATHS[kind.shape]}></path><text text-anchor="middle" y=${dy}>${kind.letter}</text></g>`
}
