/**
 * The one set of icons, drawn on a grid of 24 with strokes of 2. `fill` icons
 * are the marks of states, which must read at a distance.
 */
export interface Drawing {
  readonly d: string
  readonly fill?: true
}

const drawings = {
  // Marks of states: a circle, a triangle, a square and a cross tell themselves apart without colour.
  circle: { d: 'M12 3a9 9 0 1 1 0 18a9 9 0 1 1 0-18z', fill: true },
  triangle: { d: 'M12 2.5 22.5 21h-21z', fill: true },
  square: { d: 'M4 4h16v16H4z', fill: true },
  cross: { d: 'M5.6 2.8 12 9.2l6.4-6.4 2.8 2.8-6.4 6.4 6.4 6.4-2.8 2.8-6.4-6.4-6.4 6.4-2.8-2.8 6.4-6.4-6.4-6.4z', fill: true },
  broken: { d: 'M15 7h2a5 5 0 0 1 0 10h-2M9 17H7A5 5 0 0 1 7 7h2M12 2.500v3M12 18.500v3' },

  hall: { d: 'M3 3h7v7H3zM14 3h7v7h-7zM3 14h7v7H3zM14 14h7v7h-7z' },
  device: { d: 'M3 5h18v11H3zM8 20h8M12 16v4' },
  bell: { d: 'M6 16V11a6 6 0 1 1 12 0v5l2 2H4zM10 21h4' },
  letter: { d: 'M3 5h18v14H3zM3 6l9 7 9-7' },
  counter: { d: 'M4 21V4h16v17M2 21h20M9 9h6M9 13h6' },
  screen: { d: 'M2 4h20v13H2zM8 21h8' },
  globe: { d: 'M12 3a9 9 0 1 1 0 18a9 9 0 1 1 0-18zM3 12h18M12 3c2.8 2.6 4 5.6 4 9s-1.2 6.4-4 9c-2.8-2.6-4-5.6-4-9s1.2-6.4 4-9z' },
  hub: { d: 'M4 4h16v6H4zM4 14h16v6H4zM8 7h.01M8 17h.01' },
  lock: { d: 'M5 11h14v10H5zM8 11V7.5a4 4 0 0 1 8 0V11' },
  retry: { d: 'M20 12a8 8 0 1 1-2.4-5.7M20 3v5h-5' },
  check: { d: 'M4 12.5 9.5 18 20 6.5' },
  warning: { d: 'M12 3 22 20.5H2zM12 10v4.5M12 17.5h.01' },
  'square-lines': { d: 'M4 5h16v16H4zM4 10h16M8 3v4M16 3v4' },
  people: { d: 'M9 4a3.500 3.500 0 1 1 0 7a3.500 3.500 0 1 1 0-7zM2.500 20a6.500 6.500 0 0 1 13 0M18 5v6M15 8h6' },
  duty: { d: 'M12 3l8 3v6c0 4.5-3.200 7.600-8 9-4.800-1.400-8-4.500-8-9V6zM8.500 12l2.500 2.500 4.500-5' },
  swap: { d: 'M4 8h15M15 4l4 4-4 4M20 16H5M9 12l-4 4 4 4' },
  sliders: { d: 'M4 7h9M17 7h3M4 17h3M11 17h9M15 4.500v5M9 14.500v5' },
  sun: { d: 'M12 8a4 4 0 1 1 0 8a4 4 0 1 1 0-8zM12 2v3M12 19v3M2 12h3M19 12h3M5 5l2 2M17 17l2 2M19 5l-2 2M7 17l-2 2' },
  clock: { d: 'M12 3a9 9 0 1 1 0 18a9 9 0 1 1 0-18zM12 7v5l3.5 2' },
  plus: { d: 'M12 5v14M5 12h14' },
  edit: { d: 'M4 20h4L20 8l-4-4L4 16zM14 6l4 4' },
  trash: { d: 'M4 7h16M9 7V4h6v3M6 7l1 14h10l1-14M10 11v6M14 11v6' },
  lamp: { d: 'M9 18h6M10 21h4M8 15a6 6 0 1 1 8 0c-.8.7-1 1.500-1 3H9c0-1.500-.2-2.300-1-3z' },
  power: { d: 'M12 3v9M7 6.300a8 8 0 1 0 10 0' },
  remove: { d: 'M12 3a9 9 0 1 1 0 18a9 9 0 1 1 0-18zM8 12h8' },
  assign: { d: 'M3 12h12M11 7l5 5-5 5M20 4v16' },
  previous: { d: 'M15 5l-7 7 7 7' },
  search: { d: 'M10.500 4a6.500 6.500 0 1 1 0 13a6.500 6.500 0 1 1 0-13zM15.500 15.500 21 21' },
  text: { d: 'M3 20 9 5l6 15M5 15h8M15 20l3.500-9 3.500 9M16 17.500h5' },
  wheelchair: { d: 'M10 3.500h.01M10 7v6h6l3 6M10 9.500h5M8 12.500a5 5 0 1 0 6.500 6' },
  left: { d: 'M21 12H4M11 5l-7 7 7 7' },
  right: { d: 'M3 12h17M13 5l7 7-7 7' },
  up: { d: 'M12 21V4M5 11l7-7 7 7' },
  down: { d: 'M12 3v17M5 13l7 7 7-7' },
  'stairs-up': { d: 'M3 20h5v-5h5v-5h5V5M14 4h5v5' },
  'stairs-down': { d: 'M3 4h5v5h5v5h5v5M19 13v7h-7' },
  sound: { d: 'M4 9h4l5-4v14l-5-4H4zM16.500 9a4 4 0 0 1 0 6M19 6.500a8 8 0 0 1 0 11' },
  muted: { d: 'M4 9h4l5-4v14l-5-4H4zM16.500 9.500l5 5M21.500 9.500l-5 5' },
  face: { d: 'M12 3a9 9 0 1 1 0 18a9 9 0 1 1 0-18zM9 9.500h.01M15 9.500h.01M8 14c2 2.800 6 2.800 8 0' },
  trend: { d: 'M3 20h18M3 20V4M6 15l4-5 4 3 6-8' },
  scales: { d: 'M12 4v16M7 20h10M5 7h14M5 7l-3 7h6zM19 7l-3 7h6z' },
  award: { d: 'M12 3a6 6 0 1 1 0 12a6 6 0 1 1 0-12zM9 14l-2 7 5-3 5 3-2-7' },
  'text-lines': { d: 'M5 3h14v18H5zM8.500 8h7M8.500 12h7M8.500 16h4' },
  pulse: { d: 'M2 13h5l3-8 4 14 3-6h5' },
  next: { d: 'M9 5l7 7-7 7' },
} as const satisfies { [name: string]: Drawing }

export type IconName = keyof typeof drawings

export function drawing(name: IconName): Drawing {
  return drawings[name]
}
