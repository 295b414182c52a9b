package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"hallkeeper/wire"
)

// failure is an error as it is answered.
type failure struct {
	status int
	// name is the problem's code.
	name    string
	words   text
	article string
	fields  []field
	// cause is for the log only.
	cause error
}

func (f *failure) Error() string {
	if f.cause != nil {
		return f.name + ": " + f.cause.Error()
	}
	return f.name + ": " + f.words.en
}

func (f *failure) Unwrap() error { return f.cause }

// field is one wrong field of a 422.
type field struct {
	name, code string
	words      text
}

// The problems that the HTTP side itself answers with.
func problems() []failure {
	p := func(status int, name, zh, en string) failure {
		return failure{status: status, name: name, words: text{zh, en}}
	}
	return []failure{
		p(400, "malformed", "请求内容无法读取", "the request cannot be read"),
		p(400, "key_malformed", "Idempotency-Key 应为 1 到 128 个可打印的 ASCII 字符", "an Idempotency-Key has 1 to 128 printable ASCII characters"),
		p(400, "not_a_websocket", "这个地址只接受 websocket 连接", "this address takes websocket connections only"),
		p(401, "not_signed_in", "请先登录", "sign in first"),
		p(401, "sign_in_failed", "账号或密码不正确", "the account or the password is wrong"),
		p(401, "token_invalid", "令牌无效、已过期或已撤销", "the token is not valid, has expired or was revoked"),
		p(401, "passkey_refused", "通行密钥没有通过验证，没有登录也没有登记", "the passkey was not accepted"),
		p(401, "passkey_cloned", "这个通行密钥的签名次数倒退，可能已被复制，不再接受；请用密码登录并删除它", "the passkey's count went back: it may have been copied and is accepted no more; sign in with the password and remove it"),
		p(409, "passkey_over", "这次验证已经结束或超过 5 分钟，请重新开始", "this was finished already or took more than five minutes; begin again"),
		p(409, "passkeys_need_a_name", "浏览器只在有名称的地址上使用通行密钥，不支持 IP 地址；请用主机的名称打开本页", "browsers use passkeys at addresses with a name only, not at an IP address; open this page by the hub's name"),
		p(409, "passkeys_other_name", "通行密钥只在主机的名称下使用，本页的名称不在其中；请用主机的名称打开本页，或请管理员把这个名称写入设置 names", "passkeys work under the hub's names only, and this page's is none of them; open it by the hub's name, or have the name put into the setting names"),
		p(404, "no_single_sign_on", "本大厅没有配置单点登录", "the hall has no single sign-on"),
		p(503, "single_sign_on_down", "现在连不上单点登录服务；请用密码或通行密钥登录", "the single sign-on cannot be reached; sign in with a password or a passkey"),
		p(403, "token_elsewhere", "这个令牌不能从此地址使用；已记入日志", "the token does not work from this address; the log has it"),
		p(401, "certificate_refused", "本大厅不承认这张证书", "the hall does not take this certificate"),
		p(403, "enrolment_wrong", "注册码不正确", "the code is wrong"),
		p(403, "enrolment_plain", "请直接用 HTTPS 连接主机进行注册；未加密或经过代理的连接不受理", "enrol over HTTPS from the hub itself; neither plain connections nor those through a proxy are taken"),
		p(403, "certificate_needed", "换新证书须出示现有证书，且不能经过代理", "a certificate is renewed by showing the present one, not through a proxy"),
		p(403, "not_permitted", "您的账号没有这项权限", "your account may not do this"),
		p(403, "person_needed", "这件事须由本人登录办理，程序不能代办", "a person must sign in for this; programs cannot do it"),
		p(403, "not_yours", "这不属于您所在的单位或窗口", "this is not of your department or window"),
		p(403, "password_temporary", "请先修改初始密码", "change the first password before anything else"),
		p(403, "setup_code", "首次启动链接不正确或已失效；请在主机的日志中查看新的链接", "the link of the first start is wrong or over; the hub's log has the present one"),
		p(401, "screen_challenge", "签名用的随机数已用过或已过期，请重新取", "the challenge was used or is over; take another"),
		p(401, "screen_signature", "签名与密钥不符", "the signature is not by that key"),
		p(401, "screen_certificate", "证书不是本大厅发给屏幕的，或已过期；请重新登记这块屏幕", "the certificate is none that this hall gave to a screen, or has expired; enrol the screen again"),
		p(401, "screen_removed", "这块屏幕已被移除，请重新登记", "this screen was removed; enrol it again"),
		p(429, "screens_busy", "同时请求登记的屏幕太多，请稍后再试", "too many screens ask at once; try again in a few minutes"),
		p(429, "too_many_tickets", "取号太快，请稍等几秒再取", "tickets are taken too fast; wait a few seconds"),
		p(429, "too_many_tries", "尝试次数过多，请稍后再试", "too many tries; wait a little"),
		p(413, "photo_too_large", "照片超过 5 MB", "the picture is larger than 5 MB"),
		p(413, "file_too_large", "文件超过 8 MB", "the file is larger than 8 MB"),
		p(422, "file_format", "文件无法读取：应为 .xlsx 或 .csv", "the file cannot be read: it must be .xlsx or .csv"),
		p(422, "file_empty", "表格是空的", "the table is empty"),
		p(422, "too_many_rows", "行数过多", "there are too many rows"),
		p(415, "not_a_photo", "照片应为 JPEG、PNG 或 WebP", "the picture must be JPEG, PNG or WebP"),
		p(403, "https_only", "请使用 https:// 地址；明文请求不予受理", "use the https:// address; requests in clear are not taken"),
		p(403, "cross_origin", "不接受其他网站的页面发来的请求", "requests from pages of other sites are refused"),
		p(404, "not_found", "没有这个地址", "there is nothing at this address"),
		p(404, "not_published", "这一期的结果没有公示", "no results of this period were published"),
		p(404, "position_unknown", "日志中没有这一条", "the log has no such record"),
		p(405, "method_not_allowed", "这个地址不接受这种请求方法", "this address does not take that method"),
		p(413, "too_large", "请求内容超过 1 MiB", "the request is larger than 1 MiB"),
		p(415, "not_json", "请求内容应为 JSON（Content-Type: application/json）", "the request must be JSON (Content-Type: application/json)"),
		p(422, "fields_invalid", "有字段填写不正确", "some fields are wrong"),
		p(422, "key_reused", "这个 Idempotency-Key 已用于另一个请求", "this Idempotency-Key was used for another request"),
		p(429, "export_busy", "正在为他人导出，请一分钟后再试", "another export is being made; try again in a minute"),
		p(429, "too_many_requests", "请求过多，请稍后再试", "too many requests, try again in a moment"),
		p(500, "internal", "主机内部出错，已记入日志", "something went wrong inside the hub; it is in the log"),
		p(503, "unavailable", "主机暂时不能受理", "the hub cannot do this now"),
		p(503, "timeout", "主机没有及时答复，结果不明；请用同一个 Idempotency-Key 再试", "the hub did not answer in time and the outcome is unknown; repeat with the same Idempotency-Key"),
		p(503, "too_many_screens", "连接的屏幕已达上限", "as many screens are connected as the hub serves"),
		p(503, "stopping", "主机正在停止", "the hub is stopping"),
		p(503, "pages_not_built", "页面尚未构建", "the pages have not been built"),
	}
}

// problem finds one of problems by its name.
func problem(name string) *failure {
	for _, p := range problems() {
		if p.name == name {
			return &p
		}
	}
	return &failure{status: http.StatusInternalServerError, name: "internal", cause: errors.New("no problem is named " + name)}
}

// wrong is a 422 that names fields.
func wrong(fields ...field) *failure {
	f := problem("fields_invalid")
	f.fields = fields
	return f
}

// asFailure turns any error into its answer; what is not meant for people becomes a 500 without its words.
func asFailure(err error) *failure {
	var f *failure
	if errors.As(err, &f) {
		return f
	}
	if r := refusal(err); r != nil {
		return r
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		f = problem("timeout")
	default:
		f = problem("internal")
	}
	f.cause = err
	return f
}

// document is the failure in the language of the request.
func (f *failure) document(lang language, instance string) wire.Problem {
	p := wire.Problem{Type: "/docs#" + f.name, Title: f.words.in(lang), Status: f.status, Code: f.name, Article: f.article, Instance: instance}
	for _, wrong := range f.fields {
		p.Fields = append(p.Fields, wire.ProblemField{Field: wrong.name, Code: wrong.code, Message: wrong.words.in(lang)})
	}
	return p
}

// fail answers with err's problem document and logs what is ours.
func (a *API) fail(w http.ResponseWriter, r *http.Request, err error) {
	f := asFailure(err)
	if f.status >= 500 && f.cause != nil {
		a.Logger.ErrorContext(r.Context(), "request failed", "request", requestID(r), "method", r.Method,
			"path", r.URL.Path, "code", f.name, "error", f.cause)
	}
	writeProblem(w, r, f)
}

// Refuse answers a request that could not become a websocket, for push.Config.
func Refuse(w http.ResponseWriter, r *http.Request, status int, code string) {
	if code == "origin" {
		code = "cross_origin"
	}
	f := problem(code)
	if f.status == http.StatusInternalServerError {
		f.status = status
	}
	writeProblem(w, r, f)
}

func writeProblem(w http.ResponseWriter, r *http.Request, f *failure) {
	lang := languageOf(r)
	if r.Header.Get("Accept-Language") == BothLanguages {
		lang = BothLanguages
	}
	body, err := json.Marshal(f.document(lang, requestID(r)))
	if err != nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	if f.status == http.StatusTooManyRequests || f.status == http.StatusServiceUnavailable {
		if w.Header().Get("Retry-After") == "" {
			w.Header().Set("Retry-After", "2")
		}
	}
	w.Header().Set("Content-Language", string(lang))
	send(w, r, f.status, "application/problem+json", body)
}
