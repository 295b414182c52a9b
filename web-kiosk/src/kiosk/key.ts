const remembered = 'hallkeeper.screen'
const rememberedPrinter = 'hallkeeper.printer'

/** Forgets the key of the old kind. */
export function forgetKey(): void {
  try {
    localStorage.removeItem(remembered)
  } catch {
    // storage is refused: there is none
  }
}

/**
 * The key of a screen that is not enrolled by a code: a token of the role "screen". It comes once in the
 * address (/kiosk#key=…&printer=kiosk1), which no server and no log sees, and stays
 * on the device. The printer is the id of the device that prints its tickets, if any.
 */
export function screenKey(): { key: string | null; printer: string | undefined } {
  const hash = new URLSearchParams(location.hash.slice(1))
  const [key, printer] = [hash.get('key'), hash.get('printer')]
  try {
    if (key || printer) {
      if (key) localStorage.setItem(remembered, key)
      localStorage.setItem(rememberedPrinter, printer ?? '')
      history.replaceState(null, '', location.pathname + location.search)
    }
    return { key: key ?? localStorage.getItem(remembered), printer: (printer ?? localStorage.getItem(rememberedPrinter)) || undefined }
  } catch {
    return { key, printer: printer ?? undefined } // storage is refused: it lasts as long as the page
  }
}
