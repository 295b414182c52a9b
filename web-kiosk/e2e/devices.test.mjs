// Window computers enrol by a code that the console makes: a supervisor in a
// browser, the real agent at its command line, and the real hub over HTTPS.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { assertAccessible, launch, shoot } from './fixture/browser.mjs'
import { Hall, until } from './fixture/hall-programs.mjs'
import { account, consoleOf, enter, submit } from './fixture/people.mjs'

const agent = join(import.meta.dirname, '../../bin/agent')
const run = promisify(execFile)

let browser, hall, console, folder

before(async () => {
  browser = await launch()
  folder = mkdtempSync(join(tmpdir(), 'devices-'))
  hall = new Hall()
  hall.settings = 'https: 127.0.0.1:0\nmqtt_tls: 127.0.0.1:0\n'
  await hall.startHub()
  await hall.send('PUT', 'departments/civil', { name: '民政局' })
  await hall.send('PUT', 'windows/w3', { number: '03', name: '婚姻登记', department: '民政局' })
  await hall.startAgent('w03')
  await hall.send('POST', 'devices/w03/assign', { window: 'w3' })
  await account(browser, hall, 'chief', { name: '演示主任', role: 'supervisor' })
  console = await consoleOf(browser, { http: hall.https }, 'chief', 'enrolment', { ignoreHTTPSErrors: true, permissions: ['clipboard-read', 'clipboard-write'] })
})
after(async () => {
  await console.done()
  await hall.stop()
  await browser.close()
  rmSync(folder, { recursive: true, force: true })
})

const row = (device, state) => console.waitForSelector(`[data-device="${device}"][data-state="${state}"]`)
const dialog = () => console.getByRole('dialog')
const close = async () => {
  await dialog().getByRole('button', { name: '关闭', exact: true }).click()
  await dialog().waitFor({ state: 'hidden' })
}

/** Makes a code and returns what the console tells to type. */
async function offer(device, button) {
  await enter(console, { device })
  await dialog().getByRole('button', { name: button, exact: true }).click()
  await console.waitForSelector('[data-enrolment="open"]')
  return (await console.locator('[data-command]').innerText()).trim()
}

/** Types the line as it is shown, but for where a program is and where it keeps things. */
function type(line, place) {
  const [sudo, program, ...args] = line.split(' ')
  assert.deepEqual([sudo, program], ['sudo', 'hallkeeper-agent'])
  return run(agent, args.map((arg) => (arg === '/var/lib/hallkeeper' ? join(folder, place) : arg)))
}

describe('a window computer', () => {
  test('is enrolled with the line that the console shows, and its certificate is revoked there', { timeout: 300_000 }, async () => {
    await row('w03', 'none')
    await console.locator('[data-device="w03"] [data-enrol]').click()
    assert.equal(await dialog().locator('input').inputValue(), 'w03', 'the device is named already')
    const line = await offer('w03', '生成注册码')
    const code = await console.locator('[data-code]').getAttribute('data-code')
    assert.equal((await console.locator('[data-code] span').allInnerTexts()).join('-'), code)
    assert.equal(code.split('-').length, 9)
    assert.ok(line.includes(`--hub ${new URL(hall.https).host} --code ${code} `) && !line.includes('--force'), line)
    assert.match(await console.locator('.left').innerText(), /(10:00|9:\d\d)/)
    await dialog().getByRole('button', { name: '复制命令' }).click()
    await dialog().getByText('已复制').waitFor()
    assert.equal(await console.evaluate(() => navigator.clipboard.readText()), line)
    await shoot(console, 'enrolment-code')
    await assertAccessible(console, 'an enrolment code')

    await type(line, 'w03')
    await console.waitForSelector('[data-enrolment="used"]')
    await shoot(console, 'enrolment-used')
    await close()
    await row('w03', 'live')
    await console.waitForSelector('[data-code-of="w03"][data-state="used"]')
    assert.equal(await console.locator(`text=${code}`).count(), 0, 'the code is shown once')
    await assert.rejects(type(line, 'other'), 'it works once')

    await console.locator('[data-device="w03"] [data-enrol]').click()
    await console.waitForSelector('[data-replaces]')
    await shoot(console, 'enrolment-replaces')
    await assertAccessible(console, 'the warning before a device is replaced')
    assert.match(await offer('w03', '仍要生成'), / --force$/)
    await dialog().getByRole('button', { name: '收回', exact: true }).click()
    await dialog().waitFor({ state: 'hidden' })
    await console.waitForSelector('[data-code-of="w03"][data-state="withdrawn"]')
    await shoot(console, 'enrolment')
    await assertAccessible(console, 'the enrolment of devices')
    await row('w03', 'live')

    await console.locator('[data-device="w03"] [data-revoke]').click()
    await shoot(console, 'enrolment-revoke')
    await submit(console, { reason: '被盗' }, '撤销')
    await row('w03', 'revoked')
    assert.match(await console.locator('[data-device="w03"]').innerText(), /已撤销[\s\S]*被盗/)
    assert.equal(await console.locator('[data-serial] button').count(), 0, 'nothing is left to revoke')
    await until('the live view says so too', async () => (await hall.get('live')).devices.w03.certificate.state === 'revoked')
    await shoot(console, 'enrolment-revoked')
    const [revoked] = (await hall.events()).filter(({ kind }) => kind === 'certificate.revoked')
    assert.deepEqual([revoked.data.device, revoked.data.reason, revoked.actor.id], ['w03', 'stolen', 'chief'])
  })

  test('that nobody knows yet is enrolled by its name; a name that is none is refused under its field', { timeout: 300_000 }, async () => {
    await console.locator('[data-add]').click()
    await enter(console, { device: '五号 窗口' })
    await dialog().getByRole('button', { name: '生成注册码', exact: true }).click()
    await console.waitForFunction(() => document.querySelector('[data-field="device"] em')?.textContent)
    await type(await offer('w05', '生成注册码'), 'w05')
    await console.waitForSelector('[data-enrolment="used"]')
    await close()
    await row('w05', 'live')
  })
})
