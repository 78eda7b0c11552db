/** Light, dark, or as the system says. */
export type Theme = 'auto' | 'light' | 'dark'

const ORDER: Theme[] = ['auto', 'light', 'dark']
const KEY = 'clusterip-theme'

export function currentTheme(): Theme {
  return (document.documentElement.dataset['theme'] as Theme | undefined) ?? 'auto'
}

export function nextTheme(): void {
  const theme = ORDER[(ORDER.indexOf(currentTheme()) + 1) % ORDER.length]!
  show(theme)
  try {
    localStorage.setItem(KEY, theme)
  } catch {
    // A page without storage forgets the choice, and nothing else.
  }
}

/** Shows the theme that was chosen on an earlier visit. */
export function restoreTheme(): void {
  try {
    const stored = localStorage.getItem(KEY) as Theme | null
    if (stored !== null && ORDER.includes(stored)) show(stored)
  } catch {
    // As above.
  }
}

function show(theme: Theme): void {
  if (theme === 'auto') delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = theme
}
