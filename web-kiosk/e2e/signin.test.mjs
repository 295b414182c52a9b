// Signing in: passkeys with the browser's virtual authenticator, sessions that are listed and ended, a token's addresses.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { assertAccessible, launch, open, shoot } from './fixture/browser.mjs'
import { Hall } from './fixture/hall-programs.mjs'
import { account, administrator, consoleOf, password, signIn } from './fixture/people.mjs'

let browser
before(async () => { browser = await launch() })
after(() => browser.close())

/** Gives a page's browser an authenticator that has shown a finger. */
async function authenticator(page) {
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('WebAuthn.enable')
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', { options: {
    protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true,
  } })
  return { cdp, authenticatorId }
}

describe('signing in', () => {
  test('with a passkey that is added on one’s own page, and removed there', async () => {
    const hall = new Hall()
    try {
      await hall.startHub()
      await administrator(browser, hall)
      await account(browser, hall, 'lin', { name: '演示联络员', role: 'supervisor' })
      const named = hall.http.replace('127.0.0.1', 'localhost')

      const page = await open(browser, `${named}/login?next=/account`)
      const { cdp, authenticatorId } = await authenticator(page)
      await page.locator('[data-enter="passkey"]').waitFor()
      await shoot(page, 'signin')
      await assertAccessible(page, 'sign-in')
      await signIn(page, 'lin', password)
      await page.locator('[data-session][data-current="true"]').waitFor()
      await page.locator('#passkey-name').fill('办公室电脑')
      await page.locator('#passkey-password').fill('not the password')
      await page.getByRole('button', { name: '添加通行密钥' }).click()
      await page.getByText('密码不正确').waitFor()
      await page.locator('#passkey-password').fill(password)
      await page.getByRole('button', { name: '添加通行密钥' }).click()
      await page.locator('[data-passkey="办公室电脑"]').waitFor()
      await shoot(page, 'account')
      await assertAccessible(page, 'account')
      const { credentials } = await cdp.send('WebAuthn.getCredentials', { authenticatorId })
      assert.equal(credentials.length, 1)
      assert.equal(credentials[0].rpId, 'localhost')
      assert.equal(credentials[0].isResidentCredential, true)

      // The next sign-in takes no name and no password.
      await page.context().clearCookies()
      await page.goto(`${named}/login?next=/account`)
      await page.locator('[data-enter="passkey"]').click()
      await page.locator('[data-session][data-current="true"]').waitFor()
      assert.match(await page.locator('[data-session][data-current="true"]').innerText(), /通行密钥/)
      // It tells when it was used, and is given another name.
      const row = page.locator('[data-passkey]')
      assert.match(await row.innerText(), /用过/)
      await row.getByRole('button', { name: '改名' }).click()
      await row.getByRole('textbox').fill('值班电脑')
      await row.getByRole('button', { name: '保存' }).click()
      await page.locator('[data-passkey="值班电脑"]').waitFor()
      // The session that was left behind without its cookie is ended here.
      const others = page.locator('[data-session][data-current="false"]')
      const before = await others.count()
      assert.ok(before >= 1)
      await others.first().getByRole('button', { name: '结束' }).click()
      await page.getByText('已保存').waitFor()
      assert.equal(await others.count(), before - 1)

      await page.locator('[data-passkey="值班电脑"]').getByRole('button', { name: '删除' }).click()
      await page.getByText('还没有通行密钥').waitFor()
      await page.context().clearCookies()
      await page.goto(`${named}/login?next=/account`)
      await page.locator('[data-enter="passkey"]').click()
      await page.getByText('通行密钥没有通过验证').waitFor()
      await signIn(page, 'lin', password) // the password is left
      await page.locator('[data-session][data-current="true"]').waitFor()
      await page.done()
    } finally {
      await hall.stop()
    }
  })

  test('at an address without a name the page says why there are no passkeys; an administrator ends others’ sessions', async () => {
    const hall = new Hall()
    try {
      await hall.startHub()
      await administrator(browser, hall)
      await account(browser, hall, 'lin', { name: '演示联络员', role: 'supervisor' })
      const other = await open(browser, `${hall.http}/login?next=/account`)
      assert.match(await other.locator('[data-passkeys="none"]').innerText(), /这个地址不能使用通行密钥/)
      await signIn(other, 'lin', password)
      await other.locator('[data-session][data-current="true"]').waitFor()
      const page = await consoleOf(browser, hall, 'admin', 'accounts')
      await page.locator('[data-account="lin"]').getByRole('button', { name: '登录方式' }).click()
      await page.locator('[data-part="sessions"] [data-session]').first().waitFor()
      await shoot(page, 'console-account')
      await page.getByRole('button', { name: '结束全部登录' }).or(page.locator('[data-session]').getByRole('button', { name: '结束' })).first().click()
      await page.getByText('已保存').waitFor()
      await page.done()
      await other.reload()
      await other.waitForURL('**/login?next=**')
      await other.done()
    } finally {
      await hall.stop()
    }
  })
})
