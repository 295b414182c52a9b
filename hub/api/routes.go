package api

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"

	"golang.org/x/mod/sumdb/tlog"

	"hallkeeper/hub/access"
	"hallkeeper/wire"
)

// route is one address of the API with all that its documents say of it.
type route struct {
	method, path string
	// may is what it asks of whoever uses it; changes changes the hall.
	may     access.Permission
	changes bool
	// person: a person who is signed in uses it, no program. exports: what is no JSON of its answers is noted as an export.
	person, exports bool
	summary         text
	params          []param
	// body and answer are values of the types that are read and sent; nil where there are none.
	body, answer any
	status       int
	// refusals are the codes of problems that it may answer with, besides those that any route may.
	refusals []string
	handle   func(http.ResponseWriter, *http.Request) error
}

// param is a parameter in the path or the query.
type param struct {
	name, in string
	number   bool
	words    text
}

// The bodies that requests have.
type (
	windowBody struct {
		Number     string `json:"number"`
		Name       string `json:"name"`
		Department string `json:"department,omitempty"`
		// Direction is where it lies from the lobby's screen: left, right, ahead, behind, up or down; empty is not said.
		Direction string `json:"direction,omitempty"`
	}
	assignBody struct {
		Window string `json:"window"`
	}
	noteBody struct {
		Note string `json:"note,omitempty"`
	}
	emptyBody struct{}
)

// The answers that are of no other package.
type (
	// EventPage is a piece of the log; Next is the position to ask after for the following one.
	EventPage struct {
		Events []wire.Record `json:"events"`
		Next   wire.Position `json:"next"`
		Head   wire.Position `json:"head"`
	}
	// LetterPage is a piece of the dead letters, newest first. Open counts those that nobody has dismissed.
	LetterPage struct {
		DeadLetters []wire.DeadLetter `json:"dead_letters"`
		Total       int               `json:"total"`
		Open        int               `json:"open"`
	}
	// CheckpointList is all signed tree heads, oldest first, and the key that checks them.
	CheckpointList struct {
		Checkpoints []Checkpoint `json:"checkpoints"`
		VerifierKey string       `json:"verifier_key"`
		Head        uint64       `json:"head"`
	}
	// RecordProof proves that a record is in the tree of Size records: hashes in
	// base64, for golang.org/x/mod/sumdb/tlog.CheckRecord with record number Position-1.
	RecordProof struct {
		Position wire.Position `json:"position"`
		Size     uint64        `json:"size"`
		Leaf     string        `json:"leaf"`
		Root     string        `json:"root"`
		Hashes   []string      `json:"hashes"`
	}
	// TreeProof proves that the tree of From records is the beginning of that of To records.
	TreeProof struct {
		From     uint64   `json:"from"`
		To       uint64   `json:"to"`
		FromRoot string   `json:"from_root"`
		ToRoot   string   `json:"to_root"`
		Hashes   []string `json:"hashes"`
	}
	// WindowList is a part of the live view.
	WindowList struct {
		Windows map[string]wire.LiveWindow `json:"windows"`
	}
	// DeviceList is a part of the live view.
	DeviceList struct {
		Devices map[string]wire.LiveDevice `json:"devices"`
	}
	// State is what the probes answer. Backup is fresh, none, old or never: it is told and changes no status, since a hub that is
	// started again has no younger backup for that.
	State struct {
		Status  string    `json:"status"`
		Version string    `json:"version,omitempty"`
		Backup  string    `json:"backup,omitempty"`
		Why     []Unready `json:"why,omitempty"`
	}
)

const (
	defaultPage = 100
	maxPage     = 1000
	maxNote     = 500
)

const v1 = "/api/v1/"

// read is a route that changes nothing.
func read(may access.Permission, path, zh, en string, answer any, handle func(http.ResponseWriter, *http.Request) error, params ...param) route {
	return route{method: "GET", path: path, may: may, summary: text{zh, en}, answer: answer, status: http.StatusOK, handle: handle, params: params}
}

// change is a route that makes events; its answer names them.
func (a *API) change(may access.Permission, method, path, zh, en string, body any, build func(*http.Request, []byte) (order, error), refusals []string, params ...param) route {
	return route{method: method, path: v1 + path, may: may, changes: true, summary: text{zh, en}, body: body, answer: Changed{}, status: http.StatusOK,
		refusals: append(refusals, "fields_invalid", "key_reused", "not_writable"), handle: a.carryOut(build), params: params}
}

// own is a route that changes something and answers with more than events.
func own(may access.Permission, method, path, zh, en string, body, answer any, handle func(http.ResponseWriter, *http.Request) error, refusals ...string) route {
	return route{method: method, path: v1 + path, may: may, changes: true, summary: text{zh, en}, body: body, answer: answer, status: http.StatusOK,
		refusals: append(refusals, "fields_invalid", "not_writable"), handle: handle}
}

// created is a route that answers with what it has made.
func (r route) created() route {
	r.status = http.StatusCreated
	return r
}

// in is a parameter in a route's path, query one in its query.
func in(name, zh, en string) param    { return param{name, "path", false, text{zh, en}} }
func query(name, zh, en string) param { return param{name, "query", false, text{zh, en}} }
func count(name, zh, en string) param { return param{name, "query", true, text{zh, en}} }

// table is every route under /api/v1 and beside it.
func (a *API) table() []route {
	return slices.Concat(a.hallRoutes(), a.sessionRoutes(), a.heldSessionRoutes(), a.wayRoutes(), a.enrolmentRoutes(), a.rosterRoutes(), a.importRoutes(), a.calendarRoutes(), a.policyRoutes(), a.requestRoutes(), a.dayRoutes(), a.procedureRoutes(), a.lineRoutes(), a.bookingRoutes(), a.panelRoutes(), a.rateRoutes(), a.ratingRoutes(), a.indicatorRoutes(), a.matterRoutes(), a.paperRoutes(), a.caseRoutes(), a.dutyRoutes(), a.statisticsRoutes(), a.compareRoutes(), a.appealRoutes(), a.periodRoutes(), a.scoreRoutes(), a.documentRoutes(), a.boardRoutes(), a.personalRoutes(), a.screenRoutes(), a.proposalRoutes(), a.auditRoutes(), a.backupRoutes(), a.healthRoutes(), a.firstHourRoutes())
}

func (a *API) hallRoutes() []route {
	window, agent := in("id", "窗口编号", "the window's id"), in("agent", "设备编号", "the device's id")
	number := param{"number", "path", true, text{"死信编号", "the dead letter's number"}}
	return []route{
		read(access.Anybody, v1+"live", "大厅现况快照", "the live view of the hall", wire.Live{}, a.getLive),
		read(access.Anybody, v1+"windows", "窗口列表", "the windows", WindowList{}, a.getWindows),
		a.change(access.Arrange, "PUT", "windows/{id}", "添加或修改窗口", "add a window or change it", windowBody{}, setWindow, nil, window),
		a.change(access.Arrange, "DELETE", "windows/{id}", "移除窗口（须撤出已获批准；其历史保留）", "take a window off the list once its withdrawal is approved; its past stays", nil, removeWindow, []string{"window_unknown", "withdrawal_missing"}, window),
		read(access.Anybody, v1+"devices", "设备列表", "the devices", DeviceList{}, a.getDevices),
		a.change(access.Arrange, "POST", "devices/{agent}/assign", "把设备分配到窗口", "let a device serve a window", assignBody{}, assignDevice, []string{"window_unknown", "device_unknown"}, agent),
		a.change(access.Arrange, "POST", "devices/{agent}/dismiss", "声明设备不属于本大厅", "say that a device is not part of this hall", emptyBody{}, dismissDevice, []string{"device_unknown"}, agent),
		a.change(access.Arrange, "POST", "devices/{agent}/identify", "让设备亮灯以便寻找", "let a device show itself", emptyBody{}, identifyDevice, []string{"device_unknown", "device_offline"}, agent),
		a.change(access.Arrange, "POST", "devices/{agent}/restart", "重启设备程序", "start a device's program again", emptyBody{}, restartDevice, []string{"device_unknown", "device_offline"}, agent),
		read(access.Audit, v1+"events", "日志，供审计", "the log, for auditors", EventPage{}, a.getEvents,
			count("after", "从此位置之后开始（默认 0）", "begin after this position (0 by default)"), count("limit", "最多条数，1 至 1000（默认 100）", "at most so many, 1 to 1000 (100 by default)")),
		read(access.Anybody, v1+"checkpoints", "签名检查点", "the signed tree heads", CheckpointList{}, a.getCheckpoints),
		read(access.Anybody, v1+"proofs/record", "某条记录在树中的证明", "the proof that a record is in the tree", RecordProof{}, a.getRecordProof,
			count("position", "记录的位置", "the record's position"), count("size", "树的大小（默认为全部记录）", "the tree's size (all records by default)")),
		read(access.Anybody, v1+"proofs/tree", "小树是大树开头的证明", "the proof that one tree is the beginning of another", TreeProof{}, a.getTreeProof,
			count("from", "小树的大小", "the smaller tree's size"), count("to", "大树的大小（默认为全部记录）", "the larger tree's size (all records by default)")),
		read(access.ReadAll, v1+"dead-letters", "死信，新的在前", "the dead letters, newest first", LetterPage{}, a.getLetters,
			count("before", "只列编号小于它的", "only those with lower numbers"), count("limit", "最多封数，1 至 1000（默认 100）", "at most so many, 1 to 1000 (100 by default)")),
		a.change(access.Decide, "POST", "dead-letters/{number}/dismiss", "声明死信已处理", "say that a dead letter has been dealt with", noteBody{}, dismissLetter, []string{"dead_letter_unknown"}, number),
		read(access.Anybody, "/healthz", "程序在运行", "the program runs", State{}, a.getHealth),
		read(access.Anybody, "/readyz", "能否保存数据；503 时附原因", "whether the hub can store; 503 with the reasons", State{}, a.getReady),
	}
}

func (a *API) sessionRoutes() []route {
	account, token := in("id", "账号", "the account"), in("id", "令牌编号", "the token's id")
	return []route{
		read(access.Anybody, v1+"session", "当前登录者", "who is signed in", SessionInfo{}, a.getSession),
		own(access.Anybody, "POST", "session", "登录", "sign in", signInBody{}, SessionInfo{}, a.signIn, "sign_in_failed", "too_many_tries"),
		own(access.SignedIn, "DELETE", "session", "退出登录", "sign out", nil, SessionInfo{}, a.signOut),
		own(access.SignedIn, "POST", "password", "修改自己的密码", "change one's own password", passwordBody{}, SessionInfo{}, a.changePassword, "too_many_tries"),
		own(access.Anybody, "POST", "setup", "首次启动：建立管理员", "first start: make the administrator", setupBody{}, SessionInfo{}, a.setup, "setup_code", "set_up_already", "too_many_tries"),
		read(access.ReadAll, v1+"accounts", "账号列表", "the accounts", AccountList{}, a.getAccounts),
		a.change(access.Govern, "PUT", "accounts/{id}", "添加或修改账号", "add an account or change it", accountBody{}, a.setAccount, []string{"last_administrator", "too_many_tries"}, account),
		a.change(access.Govern, "DELETE", "accounts/{id}", "停用账号", "end an account", nil, enter(func(r *http.Request, c *access.DisableAccount) { c.Account = r.PathValue("id") }), []string{"account_unknown", "last_administrator"}, account),
		read(access.Audit, v1+"tokens", "接口令牌列表", "the API tokens", TokenList{}, a.getTokens),
		own(access.Govern, "POST", "tokens", "建立接口令牌（只显示一次）", "make an API token; it is shown once", tokenBody{}, NewToken{}, a.createToken),
		a.change(access.Govern, "DELETE", "tokens/{id}", "撤销接口令牌", "end an API token", nil, enter(func(r *http.Request, c *access.RevokeToken) { c.Token = r.PathValue("id") }), []string{"token_unknown"}, token),
	}
}

// encode writes JSON and escapes nothing for HTML: a record's bytes are those
// whose hash is its leaf of the tree.
func encode(v any) ([]byte, error) {
	var body bytes.Buffer
	e := json.NewEncoder(&body)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return body.Bytes(), err
}

// sendJSON answers a read.
func sendJSON(w http.ResponseWriter, r *http.Request, v any) error {
	body, err := encode(v)
	if err != nil {
		return err
	}
	send(w, r, http.StatusOK, "application/json", body)
	return nil
}

func (a *API) getLive(w http.ResponseWriter, r *http.Request) error {
	data, seq, err := a.Live.Current()
	if err != nil {
		return err
	}
	w.Header().Set("Live-Seq", strconv.FormatUint(seq, 10))
	send(w, r, http.StatusOK, "application/json", data)
	return nil
}

func (a *API) getWindows(w http.ResponseWriter, r *http.Request) error {
	l, err := a.live()
	if err != nil {
		return err
	}
	return sendJSON(w, r, WindowList{l.Windows})
}

func (a *API) getDevices(w http.ResponseWriter, r *http.Request) error {
	l, err := a.live()
	if err != nil {
		return err
	}
	return sendJSON(w, r, DeviceList{l.Devices})
}

func (a *API) getEvents(w http.ResponseWriter, r *http.Request) error {
	var c checks
	after := wire.Position(c.number(r, "after", 0, 0, unbounded))
	limit := c.number(r, "limit", defaultPage, 1, maxPage)
	if err := c.err(); err != nil {
		return err
	}
	a.noteLogRead(r)
	page := EventPage{Events: []wire.Record{}, Next: after, Head: a.Log.Head()}
	records, err := a.Log.ReadBatch(after, int(limit))
	if err != nil {
		return err
	}
	if len(records) > 0 {
		page.Events, page.Next = records, records[len(records)-1].Position
		page.Head = max(page.Head, page.Next)
	}
	return sendJSON(w, r, page)
}

func (a *API) getCheckpoints(w http.ResponseWriter, r *http.Request) error {
	all, key, err := a.Checkpoints.Checkpoints()
	if err != nil {
		return err
	}
	if all == nil {
		all = []Checkpoint{}
	}
	return sendJSON(w, r, CheckpointList{all, key, uint64(a.Log.Head())})
}

func (a *API) getRecordProof(w http.ResponseWriter, r *http.Request) error {
	var c checks
	head := uint64(a.Log.Head())
	position := c.number(r, "position", 0, 1, unbounded)
	size := c.number(r, "size", head, 1, unbounded)
	if r.URL.Query().Get("position") == "" {
		c.add("position", "required", "必须填写", "is required")
	}
	if err := c.err(); err != nil {
		return err
	}
	if position > size || size > head {
		return problem("position_unknown")
	}
	records, err := a.Log.ReadBatch(wire.Position(position-1), 1)
	if err != nil {
		return err
	}
	if len(records) == 0 {
		return problem("position_unknown")
	}
	root, err := tlog.TreeHash(int64(size), a.Log)
	if err != nil {
		return err
	}
	proof, err := tlog.ProveRecord(int64(size), int64(position-1), a.Log)
	if err != nil {
		return err
	}
	leaf := tlog.RecordHash(wire.AppendRecord(nil, &records[0]))
	return sendJSON(w, r, RecordProof{wire.Position(position), size, leaf.String(), root.String(), hashes(proof)})
}

func (a *API) getTreeProof(w http.ResponseWriter, r *http.Request) error {
	var c checks
	head := uint64(a.Log.Head())
	from := c.number(r, "from", 0, 1, unbounded)
	to := c.number(r, "to", head, 1, unbounded)
	if r.URL.Query().Get("from") == "" {
		c.add("from", "required", "必须填写", "is required")
	}
	if err := c.err(); err != nil {
		return err
	}
	if from > to || to > head {
		return problem("position_unknown")
	}
	p := TreeProof{From: from, To: to}
	for size, into := range map[uint64]*string{from: &p.FromRoot, to: &p.ToRoot} {
		root, err := tlog.TreeHash(int64(size), a.Log)
		if err != nil {
			return err
		}
		*into = root.String()
	}
	if from == to {
		p.FromRoot = p.ToRoot
	}
	proof, err := tlog.ProveTree(int64(to), int64(from), a.Log)
	if err != nil {
		return err
	}
	p.Hashes = hashes(proof)
	return sendJSON(w, r, p)
}

func hashes(proof []tlog.Hash) []string {
	out := make([]string, len(proof))
	for i, h := range proof {
		out[i] = h.String()
	}
	return out
}

func (a *API) getLetters(w http.ResponseWriter, r *http.Request) error {
	var c checks
	before := c.number(r, "before", 0, 0, unbounded)
	limit := c.number(r, "limit", defaultPage, 1, maxPage)
	if err := c.err(); err != nil {
		return err
	}
	page, total, open, err := a.DeadLetters.DeadLetters(before, int(limit))
	if err != nil {
		return err
	}
	if page == nil {
		page = []wire.DeadLetter{}
	}
	return sendJSON(w, r, LetterPage{page, total, open})
}

func (a *API) getHealth(w http.ResponseWriter, r *http.Request) error {
	return sendJSON(w, r, State{Status: "ok", Version: a.Version, Backup: a.Upkeep.Machine().Backup.State})
}

func (a *API) getReady(w http.ResponseWriter, r *http.Request) error {
	why := a.Ready()
	if len(why) == 0 {
		return sendJSON(w, r, State{Status: "ready"})
	}
	body, err := encode(State{Status: "not_ready", Why: why})
	if err != nil {
		return err
	}
	w.Header().Set("Retry-After", "2")
	send(w, r, http.StatusServiceUnavailable, "application/json", body)
	return nil
}
