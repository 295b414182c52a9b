// The first hour: from the real `hub init` and nothing else to the first swipe at a
// window, by the administrator in a browser and the supervisor in another; the hub dies
// half-way and another computer goes on.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { assertAccessible, connection, launch, open, shoot } from './fixture/browser.mjs'
import { unfit } from './fixture/fit.mjs'
import { Hall, until } from './fixture/hall-programs.mjs'
import { enter, password, signIn, submit } from './fixture/people.mjs'
import { xlsx } from './fixture/xlsx.mjs'

const secure = { ignoreHTTPSErrors: true }
const laptop = { ...secure, viewport: { width: 1366, height: 768 } }
const local = ['--lang', 'zh', '--http', '127.0.0.1:0', '--https', '127.0.0.1:0', '--mqtt', '127.0.0.1:0', '--mqtt-tls', '127.0.0.1:0']

let browser, hall
before(async () => {
  browser = await launch()
  hall = new Hall()
})
after(async () => {
  await hall.stop()
  await browser.close()
})

const stateOf = (page, step, state) => page.waitForSelector(`li[data-step="${step}"][data-state="${state}"]`)
/** Waits until the open step says that it is done, and goes to the next. */
const done = async (page, step, state = 'done') => {
  await page.waitForSelector(`section[data-step="${step}"][data-state="${state}"]`)
  await page.locator('[data-next]').click()
}
const dialog = (page) => page.getByRole('dialog')

async function consoleOf(account, at, options) {
  const page = await open(browser, `${hall.https}/login?next=${encodeURIComponent(`/console#/${at}`)}`, options)
  await signIn(page, account, password)
  await page.waitForURL(`**/console#/${at}`)
  await connection(page, 'live')
  return page
}

describe('the first hour of a hall', () => {
  test('from hub init to the first swipe, over a hub that dies and a change of computers', { timeout: 400_000 }, async () => {
    const said = hall.init(['hall', '演示政务服务大厅', '', '', '否', 'wang'], ...local)
    assert.match(said, /1\. 启动主机[\s\S]*2\. 打开主机日志里的一次性链接[\s\S]*3\. 登录后，管理端的“安装向导”/)
    await hall.startHub()
    const link = await until('the hub names the link', () => /\/setup\?code=[\w-]+&account=wang/.exec(hall.said)?.[0])

    let page = await open(browser, `${hall.https}${link}`, laptop)
    assert.equal(await page.locator('#account').inputValue(), 'wang', 'the account that init was told')
    await page.locator('#name').fill('演示管理员')
    await page.locator('#password').fill(password)
    await page.locator('#again').fill(password)
    await shoot(page, 'firsthour-link')
    await page.getByRole('button', { name: '建立管理员' }).click()
    await page.waitForURL('**/console#/first-hour')
    await stateOf(page, 'departments', 'open')
    assert.equal(await page.locator('li[data-step]').count(), 11)
    assert.equal(await page.locator('li[data-step][data-state="done"]').count(), 0)
    await page.waitForFunction(() => document.querySelector('[data-count="first-hour"]')?.textContent === '10')
    await shoot(page, 'firsthour-empty-1366')
    await assertAccessible(page, 'the checklist of an empty hall')
    assert.deepEqual(await unfit(page), [])

    // Departments and windows.
    await page.getByRole('link', { name: /从这里继续/ }).click()
    await page.waitForSelector('section[data-step="departments"][data-state="open"]')
    assert.match(await page.locator('[data-standing]').innerText(), /还没有派驻单位/)
    await page.locator('section.part').getByRole('button', { name: '添加' }).click()
    await submit(page, { id: 'civil', name: '民政局' }, '保存')
    await done(page, 'departments')
    await page.waitForSelector('section[data-step="windows"]')
    for (const [number, name] of [['01', '婚姻登记'], ['02', '社会救助']]) {
      await page.getByRole('button', { name: '添加窗口' }).click()
      await page.locator('#window-number').fill(number)
      await page.locator('#window-name').fill(name)
      await page.locator('#window-department').fill('民政局')
      await dialog(page).getByRole('button', { name: '保存' }).click()
      await dialog(page).waitFor({ state: 'hidden' })
    }
    await page.waitForSelector('section[data-step="windows"][data-state="done"]')
    await page.waitForFunction(() => document.querySelector('.el-message') === null) // two may pass each other
    await shoot(page, 'firsthour-windows-1366')
    await assertAccessible(page, 'a step of the first hour')
    assert.deepEqual(await unfit(page), [])
    await done(page, 'windows')

    // The roster comes in from a workbook.
    await page.waitForSelector('section[data-step="roster"]')
    await page.getByRole('button', { name: '导入' }).click()
    await page.locator('#roster-file').setInputFiles({ name: '花名册.xlsx', mimeType: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
      buffer: xlsx([['编号', '姓名', '派驻单位', '窗口', '卡号'], ['s1', '演示员一', '民政局', '01', '77A10001'], ['s2', '演示员二', '民政局', '02', '']]) })
    await page.locator('[data-import="ready"]').waitFor()
    await page.getByRole('button', { name: '全部导入' }).click()
    await page.waitForFunction(() => /1 人没有卡/.test(document.querySelector('[data-standing]')?.textContent ?? ''))
    await shoot(page, 'firsthour-roster-1366')

    // The hub dies; somebody goes on at another computer, where nothing is known of the first.
    await hall.killHub()
    await page.done()
    await hall.startHub()
    page = await consoleOf('wang', 'first-hour', secure)
    await stateOf(page, 'departments', 'done')
    await stateOf(page, 'windows', 'done')
    await stateOf(page, 'roster', 'open')
    await shoot(page, 'firsthour-resumed-1080')
    await assertAccessible(page, 'the checklist half-way')
    await page.getByRole('link', { name: /从这里继续.*花名册/ }).click()
    await page.locator('[data-staff="s2"]').getByRole('button', { name: '发卡' }).click()
    await submit(page, { number: '77A10002' }, '发卡')
    await done(page, 'roster')

    // Shifts and services.
    await page.waitForSelector('section[data-step="shifts"]')
    await page.getByRole('button', { name: '添加' }).click()
    await enter(page, { id: 'day', name: '全天班', periods: '00:00-24:00' })
    await dialog(page).locator('select').first().selectOption('2')
    await dialog(page).locator('select').last().selectOption('all')
    await dialog(page).getByRole('button', { name: '保存' }).click()
    await dialog(page).waitFor({ state: 'hidden' })
    await page.waitForFunction(() => /没有班次：/.test(document.querySelector('[data-standing]')?.textContent ?? ''))
    await page.getByRole('button', { name: '设为适用' }).click()
    await submit(page, { scope: 'hall' }, '保存')
    await done(page, 'shifts')
    await page.waitForSelector('section[data-step="services"]')
    await page.getByRole('button', { name: '添加业务' }).click()
    await submit(page, { name: '婚姻登记', id: 'marriage', prefix: 'A', windows: ['w01'] }, '保存')
    await done(page, 'services')

    // One person alone adopts no policy: the second comes first.
    await page.waitForSelector('section[data-step="second"][data-state="open"]')
    await page.getByRole('button', { name: '添加账号' }).click()
    await submit(page, { id: 'chief', name: '演示主任', role: 'supervisor', password: 'the first password' }, '保存')
    await page.waitForSelector('section[data-step="second"][data-state="waiting"]')
    await shoot(page, 'firsthour-second-1080')
    const other = await open(browser, `${hall.https}/login?next=${encodeURIComponent('/console#/proposals')}`, secure)
    await signIn(other, 'chief', 'the first password')
    await other.locator('#fresh').fill(password)
    await other.locator('#again').fill(password)
    await other.getByRole('button', { name: '保存并进入' }).click()
    await other.waitForURL('**/console#/proposals')
    await done(page, 'second')

    await page.waitForSelector('section[data-step="policy"][data-state="open"]')
    await page.locator('[data-new]').click()
    await page.locator('[data-adopt]:not([disabled])').click()
    await enter(page, { from: '2020-08-01', document: '演示通过〔2026〕1号' })
    await dialog(page).getByRole('button', { name: '通过并适用' }).click()
    await page.waitForURL('**/console#/proposals')
    await page.goto(`${hall.https}/console#/first-hour`)
    await stateOf(page, 'policy', 'waiting')
    const confirm = async () => {
      await other.locator('[data-confirm]').click()
      await dialog(other).getByRole('button', { name: '确认', exact: true }).click()
      await dialog(other).waitFor({ state: 'hidden' })
    }
    await other.reload()
    await confirm()
    await stateOf(page, 'policy', 'open')
    assert.match(await page.locator('li[data-step="policy"]').innerText(), /期满/, 'a trial policy that has ended says so')
    await page.goto(`${hall.https}/console#/policies/wuzhengbanfa-2020-63@1.0.0`)
    await page.locator('[data-extend]').click()
    await submit(page, { document: '演示延续〔2022〕1号' }, '登记')
    await other.reload()
    await confirm()
    await other.done()
    await page.goto(`${hall.https}/console#/first-hour`)
    await stateOf(page, 'policy', 'done')

    // A window's computer by code, then its place.
    await page.locator('li[data-step="devices"] a').click()
    await page.locator('[data-add]').click()
    await enter(page, { device: 'w01' })
    await dialog(page).getByRole('button', { name: '生成注册码', exact: true }).click()
    await page.waitForSelector('[data-enrolment="open"]')
    hall.enrol('w01', (await page.locator('[data-command]').innerText()).trim())
    await page.waitForSelector('[data-enrolment="used"]')
    await dialog(page).getByRole('button', { name: '关闭', exact: true }).click()
    await dialog(page).waitFor({ state: 'hidden' })
    const agent = await hall.startAgent('w01', {}, { enrolled: true })
    await done(page, 'devices')
    await page.waitForSelector('section[data-step="places"][data-state="open"]')
    await page.locator('tr[data-device="w01"]').getByRole('button', { name: '分配' }).click()
    await dialog(page).locator('.el-select').click()
    await page.getByRole('option', { name: /01/ }).click()
    await dialog(page).getByRole('button', { name: '分配' }).click()
    await dialog(page).waitFor({ state: 'hidden' })
    await page.waitForFunction(() => /窗口 02 没有设备/.test(document.querySelector('[data-standing]')?.textContent ?? ''))
    await shoot(page, 'firsthour-places-1080')
    await page.locator('[data-next]').click()

    // A screen by the code that it shows.
    await page.waitForSelector('section[data-step="screens"]')
    const kiosk = await open(browser, `${hall.https}/kiosk`, secure)
    const code = await kiosk.locator('[data-code]').innerText()
    await page.locator('[data-add]').click()
    await submit(page, { code, name: '一楼取号机', use: 'kiosk' }, '确认')
    await kiosk.waitForSelector('.page[data-view="home"]')
    await kiosk.done()
    await done(page, 'screens')

    // A card that is nobody's says so; the first swipe that counts is seen at once.
    await page.waitForSelector('section[data-step="swipe"][data-state="open"]')
    await agent.swipe(0x77a1ffff)
    await page.waitForFunction(() => /不是任何人的/.test(document.querySelector('[data-standing]')?.textContent ?? ''))
    await agent.swipe(0x77a10001)
    await page.waitForSelector('[data-window="w01"][data-cover="staffed"]')
    await page.waitForSelector('section[data-step="swipe"][data-state="done"]')
    assert.match(await page.locator('[data-standing]').innerText(), /在窗口 01 收到 s1 的刷卡/)
    await shoot(page, 'firsthour-swipe-1080')
    await assertAccessible(page, 'the first swipe')
    await page.getByRole('link', { name: '全部步骤' }).click()
    await stateOf(page, 'swipe', 'done')
    await stateOf(page, 'places', 'open') // the second window has no device yet
    await shoot(page, 'firsthour-done-1080')
    await page.locator('.language').click()
    await page.getByText('At windows').waitFor()
    await shoot(page, 'firsthour-done-en-1080')
    assert.deepEqual(await unfit(page), [])
    await page.done()
    const kinds = (await hall.events()).map(({ kind }) => kind)
    assert.deepEqual(kinds.filter((kind) => ['proposal.made', 'proposal.confirmed', 'policy.adopted', 'policy.extended'].includes(kind)),
      ['proposal.made', 'proposal.confirmed', 'policy.adopted', 'proposal.made', 'proposal.confirmed', 'policy.extended'])
  })
})
