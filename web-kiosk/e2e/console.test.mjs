// The supervisors' console against the fixture hub.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { assertAccessible, connection, launch, open, shoot } from './fixture/browser.mjs'
import { withHub } from './fixture/server.mjs'

let browser
before(async () => { browser = await launch() })
after(() => browser.close())

const full = { troubles: true, letters: 120 }

/** Runs a test on a console of its own. */
function onConsole(name, { hub: settings = full, at = '#/hall', query = '', options }, body) {
  test(name, { timeout: 300_000 }, () => withHub(settings, async (hub) => {
    const page = await open(browser, `${hub.address}/console${query}${at}`, options)
    try {
      await connection(page, 'live')
      await body(page, hub)
      await page.done()
    } finally {
      await page.context().close()
    }
  }))
}

const sections = ['hall', 'devices', 'alarms', 'dead-letters', 'windows']
const row = (page, device) => page.locator(`[data-device="${device}"]`)
const toast = (page, text) => page.getByText(text).first().waitFor()

describe('the console', () => {
  for (const section of sections) {
    onConsole(`shows ${section}, for everyone`, { at: `#/${section}` }, async (page) => {
      await page.waitForSelector('[data-view="content"]')
      if (section === 'dead-letters') await page.waitForSelector('[data-dead-letter]')
      await assertAccessible(page, `console ${section}`)
      await shoot(page, `console-${section}`)
    })
  }

  onConsole('is complete in English', { query: '?lang=en' }, async (page) => {
    for (const section of sections) {
      await page.goto(`${page.url().split('#')[0]}#/${section}`)
      await page.waitForSelector(`nav a[href="#/${section}"][aria-current="page"]`)
      await page.waitForSelector('[data-view="content"] :is(table, ol)')
      const text = await page.locator('nav, h1, th, .todo, .aside:not([data-department]), footer').allInnerTexts()
      const stray = text.filter((line) => /[一-鿿]/.test(line) && !/局|中心|窗口|切换/.test(line) && section !== 'alarms')
      assert.deepEqual(stray, [], section)
      await assertAccessible(page, `console ${section} in English`)
    }
    await shoot(page, 'console-en')
  })

  onConsole('switches its language and remembers it', {}, async (page, hub) => {
    await page.getByRole('button', { name: 'Switch to English' }).click()
    await page.getByRole('heading', { name: 'Hall, live' }).waitFor()
    await page.goto(`${hub.address}/console`)
    await page.getByRole('heading', { name: 'Hall, live' }).waitFor()
  })

  onConsole('shows a press within a second', {}, async (page, hub) => {
    const ratings = page.locator('[data-window="w01"] [data-ratings]')
    const before = Number(await ratings.innerText())
    const pressed = Date.now()
    hub.press('w01')
    await page.waitForFunction((n) => document.querySelector('[data-window="w01"] [data-ratings]').textContent === String(n), before + 1, { polling: 20 })
    assert.ok(Date.now() - pressed < 1_000)
  })

  onConsole('assigns a device to a window', { at: '#/devices' }, async (page, hub) => {
    await row(page, 'spare-3f').getByRole('button', { name: '分配' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.locator('.el-select').click()
    await page.getByRole('option', { name: /11号窗口/ }).click()
    await assertAccessible(page, 'console assign dialog')
    await shoot(page, 'console-assign')
    await dialog.getByRole('button', { name: '分配' }).click()
    await toast(page, 'spare-3f 已分配到')
    assert.deepEqual(hub.changes.map(({ method, path, body }) => ({ method, path, body })), [{ method: 'POST', path: 'devices/spare-3f/assign', body: { window: 'w11' } }])
    assert.match(hub.changes[0].key, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    assert.match(await row(page, 'spare-3f').innerText(), /11号窗口/)
  })

  onConsole('identifies a device, and asks before it restarts or dismisses one', { at: '#/devices' }, async (page, hub) => {
    await row(page, 'w01').getByRole('button', { name: '识别' }).click()
    await toast(page, 'w01 的指示灯正在闪烁')
    await row(page, 'w01').getByRole('button', { name: '重启' }).click()
    await page.getByRole('dialog').getByRole('button', { name: '取消' }).click()
    await row(page, 'w01').getByRole('button', { name: '重启' }).click()
    await assertAccessible(page, 'console restart dialog')
    await shoot(page, 'console-restart')
    await page.getByRole('dialog').getByRole('button', { name: '重启' }).click()
    await toast(page, '已通知 w01 重启')
    await row(page, 'spare-3f').getByRole('button', { name: '排除' }).click()
    await page.getByRole('dialog').getByRole('button', { name: '排除' }).click()
    await toast(page, 'spare-3f 已排除')
    assert.deepEqual(hub.changes.map(({ path }) => path), ['devices/w01/identify', 'devices/w01/restart', 'devices/spare-3f/dismiss'])
  })

  onConsole('shows dead letters by page, their payload, and deals with one', { at: '#/dead-letters' }, async (page, hub) => {
    await page.waitForSelector('[data-dead-letter="120"]')
    assert.equal(await page.locator('[data-dead-letter]').count(), 50)
    await page.getByRole('button', { name: '较早' }).click()
    await page.waitForSelector('[data-dead-letter="70"]')
    await page.getByRole('button', { name: '较新' }).click()
    const letter = page.locator('[data-dead-letter="114"]')
    await letter.getByRole('button', { name: '查看原文' }).click()
    assert.match(await letter.locator('pre').innerText(), /rating\.pressed|<event|kind/)
    await assertAccessible(page, 'console dead letter payload')
    await shoot(page, 'console-payload')
    await letter.getByRole('button', { name: '处理第 114 号死信' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('处理说明').fill('设备程序旧，已升级。')
    await assertAccessible(page, 'console dead letter dialog')
    await shoot(page, 'console-dismiss')
    await dialog.getByRole('button', { name: '处理' }).click()
    await letter.getByText('已处理').waitFor()
    assert.deepEqual(hub.changes[0].body, { note: '设备程序旧，已升级。' })
    assert.equal(hub.changes[0].path, 'dead-letters/114/dismiss')
  })

  onConsole('adds, changes and removes windows, and says which field is wrong', { at: '#/windows' }, async (page, hub) => {
    await page.getByRole('button', { name: '添加窗口' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: '保存' }).click()
    await dialog.getByText('请填写此项。').waitFor()
    await assertAccessible(page, 'console window dialog')
    await shoot(page, 'console-window')
    await dialog.getByLabel('名称').fill('帮办代办')
    hub.nextProblem = { status: 422, code: 'invalid', zh: '有一项填写不正确', en: 'One field is wrong', fields: [{ field: 'name', code: 'taken', message: '已有同名窗口' }] }
    await dialog.getByRole('button', { name: '保存' }).click()
    await dialog.getByText('已有同名窗口').waitFor()
    await dialog.getByText('有一项填写不正确').waitFor()
    await dialog.getByLabel('名称').fill('帮办')
    await dialog.getByRole('button', { name: '保存' }).click()
    await page.waitForSelector('[data-window="w13"]')
    await page.getByRole('button', { name: '修改13号窗口 帮办' }).click()
    await dialog.getByLabel('部门').fill('政务服务局')
    await dialog.getByRole('button', { name: '保存' }).click()
    await page.locator('[data-window="w13"]').getByText('政务服务局').waitFor()
    await page.getByRole('button', { name: '移除13号窗口 帮办' }).click()
    await page.getByRole('dialog').getByRole('button', { name: '移除' }).click()
    await page.waitForSelector('[data-window="w13"]', { state: 'detached' })
    assert.deepEqual(hub.changes.map(({ method }) => method), ['PUT', 'PUT', 'PUT', 'DELETE'])
    assert.equal(new Set(hub.changes.map(({ key }) => key)).size, 4)
  })

  onConsole('keeps a dialog open with the reason when the hub is not reached, and sends the same key again', { at: '#/windows' }, async (page, hub) => {
    await page.getByRole('button', { name: '移除12号窗口 综合受理' }).click()
    const dialog = page.getByRole('dialog')
    const keys = []
    await page.route('**/api/v1/windows/w12', async (route) => {
      keys.push(await route.request().headerValue('idempotency-key'))
      return keys.length === 1 ? route.abort() : route.continue()
    })
    await dialog.getByRole('button', { name: '移除' }).click()
    await dialog.getByText('连接不到主机').waitFor()
    await dialog.getByRole('button', { name: '移除' }).click()
    await page.waitForSelector('[data-window="w12"]', { state: 'detached' })
    assert.equal(keys[0], keys[1])
    assert.equal(hub.changes.length, 1)
  })

  onConsole('marks every section stale, takes no changes then, and heals', {}, async (page, hub) => {
    hub.silence()
    await connection(page, 'stale')
    for (const section of sections) {
      await page.locator(`nav a[href="#/${section}"]`).click()
      await page.waitForSelector('[data-view="content"]')
      assert.match(await page.locator('[data-banner]').innerText(), /(数据已中断|与主机的连接已断开)[\s\S]*最后更新/)
      const open = page.locator('main button:not([disabled])').filter({ hasNotText: /原文|较/ })
      assert.equal(await open.count(), 0, `${section} offers no change`)
      await assertAccessible(page, `console ${section}, stale`)
      if (section === 'hall' || section === 'devices') await shoot(page, `console-${section}-stale`)
    }
    hub.silence(false)
    await connection(page, 'live')
    assert.equal(await page.locator('[data-banner]').count(), 0)
  })

  onConsole('says disconnected when the hub is killed, and heals when it is back', {}, async (page, hub) => {
    await hub.stop()
    await connection(page, 'disconnected')
    assert.match(await page.locator('[data-banner]').innerText(), /与主机的连接已断开/)
    await assertAccessible(page, 'console, disconnected')
    await shoot(page, 'console-disconnected')
    await hub.start()
    await connection(page, 'live')
  })

  onConsole('shows sections without content as empty', { hub: { windows: 0 } }, async (page) => {
    for (const section of sections) {
      await page.locator(`nav a[href="#/${section}"]`).click()
      await page.waitForSelector('[data-view="empty"]')
      await assertAccessible(page, `console ${section}, empty`)
      await shoot(page, `console-${section}-empty`)
    }
  })

  onConsole('shows why dead letters could not be loaded', { at: '#/hall' }, async (page, hub) => {
    hub.refuse = 500
    await page.locator('nav a[href="#/dead-letters"]').click()
    await page.waitForSelector('[data-view="error"]')
    await assertAccessible(page, 'console dead letters, error')
    await shoot(page, 'console-error')
    hub.refuse = 0
    await page.getByRole('button', { name: '重试' }).click()
    await page.waitForSelector('[data-dead-letter]')
  })

  for (const [status, view, words] of [[403, 'forbidden', /没有权限/], [503, 'error', /主机暂时不能服务/]]) {
    test(`says in words that a new page is refused with ${status}`, { timeout: 300_000 }, () => withHub(full, async (hub) => {
      const page = await open(browser, `${hub.address}/console`)
      await page.waitForSelector('[data-view="loading"]')
      await assertAccessible(page, 'console, loading')
      await page.waitForSelector(`[data-view="${view}"]`)
      await page.getByText(words).first().waitFor()
      for (const section of sections) {
        await page.locator(`nav a[href="#/${section}"]`).click()
        await page.waitForSelector(`[data-view="${view}"]`)
        await assertAccessible(page, `console ${section}, ${view}`)
      }
      await shoot(page, `console-${view}`)
      hub.refuse = 0
      await connection(page, 'live')
      await page.done()
    }, (hub) => { hub.refuse = status }))
  }

  onConsole('can be used by keyboard alone', {}, async (page) => {
    await page.keyboard.press('Tab')
    await page.evaluate(() => document.activeElement.blur())
    const reached = new Set()
    for (let stops = await page.locator('a, button, input, select').count(); stops > 0; stops--) {
      await page.keyboard.press('Tab')
      reached.add(await page.evaluate(() => document.activeElement.getAttribute('href') ?? document.activeElement.className))
    }
    for (const section of sections) assert.ok(reached.has(`#/${section}`), `${section} is reached`)
    await page.locator('nav a[href="#/windows"]').focus()
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: '窗口管理' }).waitFor()
    await page.waitForFunction(() => document.activeElement?.tagName === 'H1')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
  })

  onConsole('has targets of 44 px', { at: '#/devices' }, async (page) => {
    const small = await page.evaluate(() => [...document.querySelectorAll('button, nav a')]
      .filter((element) => element.getBoundingClientRect().height < 43.5)
      .map((element) => element.textContent))
    assert.deepEqual(small, [])
  })

  test('the door leads to the pages', { timeout: 300_000 }, () => withHub({}, async (hub) => {
    const page = await open(browser, `${hub.address}/`)
    const links = await page.locator('main a').evaluateAll((found) => found.map((link) => link.getAttribute('href')))
    assert.deepEqual(links, ['/lobby', '/board', '/me', '/console', '/help/zh/', '/docs'])
    await assertAccessible(page, 'index')
    await shoot(page, 'index')
    await page.done()
  }))
})
