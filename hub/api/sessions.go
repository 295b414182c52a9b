package api

import (
	"cmp"
	"net/http"
	"slices"
	"time"

	"hallkeeper/hub/access"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

type (
	// SessionRow is one sign-in.
	SessionRow struct {
		ID     string    `json:"id"`
		Opened time.Time `json:"opened"`
		// Used is when it was last used, as far as the hub has seen since its start.
		Used    time.Time `json:"used"`
		Expires time.Time `json:"expires"`
		Address string    `json:"address,omitempty"`
		// Agent is the browser in a few words.
		Agent  string `json:"agent,omitempty"`
		Method string `json:"method,omitempty"`
		// Current is the one that asks.
		Current bool `json:"current,omitempty"`
	}
	// SessionList is an account's sessions, the newest first.
	SessionList struct {
		Sessions []SessionRow `json:"sessions"`
	}
)

func (a *API) heldSessionRoutes() []route {
	account, session := in("id", "账号", "the account"), in("session", "登录编号", "the session's id")
	ended := func(build func(*http.Request) access.EndSessions) func(*http.Request, []byte) (order, error) {
		return func(r *http.Request, _ []byte) (order, error) {
			return order{cmd: build(r), status: http.StatusOK, kind: wire.KindSessionClosed}, nil
		}
	}
	return []route{
		read(access.SignedIn, v1+"sessions", "自己的登录", "one's own sessions", SessionList{}, a.getSessions),
		a.change(access.SignedIn, "DELETE", "sessions", "结束自己的其他登录", "end one's own other sessions", nil, ended(func(r *http.Request) access.EndSessions {
			i := who(r)
			return access.EndSessions{Account: i.Account, Keep: i.Digest}
		}), nil),
		a.change(access.SignedIn, "DELETE", "sessions/{session}", "结束自己的一个登录", "end one of one's own sessions", nil, ended(func(r *http.Request) access.EndSessions {
			return access.EndSessions{Account: who(r).Account, Session: r.PathValue("session")}
		}), []string{"session_unknown"}, session),
		read(access.Audit, v1+"accounts/{id}/sessions", "某账号的登录", "an account's sessions", SessionList{}, a.getSessions, account),
		a.change(access.Govern, "DELETE", "accounts/{id}/sessions", "结束某账号的全部登录", "end all sessions of an account", nil, ended(func(r *http.Request) access.EndSessions {
			return access.EndSessions{Account: r.PathValue("id")}
		}), nil, account),
		a.change(access.Govern, "DELETE", "accounts/{id}/sessions/{session}", "结束某账号的一个登录", "end a session of an account", nil, ended(func(r *http.Request) access.EndSessions {
			return access.EndSessions{Account: r.PathValue("id"), Session: r.PathValue("session")}
		}), []string{"session_unknown"}, account, session),
	}
}

// getSessions lists the sessions of the account in the path, or one's own.
func (a *API) getSessions(w http.ResponseWriter, r *http.Request) error {
	i, now := who(r), a.Now()
	account := cmp.Or(r.PathValue("id"), i.Account)
	list := SessionList{Sessions: []SessionRow{}}
	a.Register.Read(func(v *register.View, _ *roster.State) {
		x, _ := v.State.Access.Accounts.Get(account)
		for digest, s := range v.State.Access.SessionsOf(account, now) {
			if a.idle(x.Role, digest, s.Opened, now) {
				continue
			}
			list.Sessions = append(list.Sessions, SessionRow{ID: access.ShortDigest(digest), Opened: s.Opened, Used: a.uses.of(digest, s.Opened),
				Expires: s.Expires, Address: a.place(s.Address), Agent: a.sealed(s.Agent, "agent"), Method: s.Method, Current: digest == i.Digest})
		}
	})
	slices.SortFunc(list.Sessions, func(x, y SessionRow) int {
		return cmp.Or(y.Opened.Compare(x.Opened), cmp.Compare(x.ID, y.ID))
	})
	return sendJSON(w, r, list)
}
