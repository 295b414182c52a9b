const remembered = 'hallkeeper.screen'

/**
 * The key of this screen: a token of the role "screen". It comes once in the
 * address (/kiosk#key=…), which no server and no log sees, and stays on the device.
 */
export function screenKey(): string | null {
  const given = new URLSearchParams(location.hash.slice(1)).get('key')
  try {
    if (given) {
      localStorage.setItem(remembered, given)
      history.replaceState(null, '', location.pathname + location.search)
    }
    return given ?? localStorage.getItem(remembered)
  } catch {
    return given // storage is refused: it lasts as long as the page
  }
}
