package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"hallkeeper/bilingual"
	"hallkeeper/hub/api"
	"hallkeeper/hub/app"
	"hallkeeper/wire"
)

// runToken manages API tokens of the hub that runs on a data folder. It acts as
// the operator: whoever can read the folder may.
func runToken(ctx context.Context, args []string, stdout, _ io.Writer) error {
	if len(args) == 0 {
		return wrongUse("token 后面要写 create、list 或 revoke", "token needs create, list or revoke")
	}
	switch args[0] {
	case "create":
		return createToken(ctx, args[1:], stdout)
	case "list":
		return listTokens(ctx, args[1:], stdout)
	case "revoke":
		return revokeToken(ctx, args[1:], stdout)
	case "--help", "-h", "help":
		_, err := fmt.Fprintln(stdout, "用法 Usage: hub token create --role ROLE --name NAME [--expires DAY] [--address RANGE] | list | revoke ID    [--data DIR]")
		return err
	}
	return wrongUse("token 后面只能是 create、list 或 revoke，而不是 %q", "token takes create, list or revoke, got %q", args[0])
}

func createToken(ctx context.Context, args []string, stdout io.Writer) error {
	var data *string
	body := struct {
		Name      string   `json:"name"`
		Role      string   `json:"role"`
		Expires   string   `json:"expires,omitempty"`
		Addresses []string `json:"addresses,omitempty"`
	}{}
	shown, err := flagSet("token create", stdout, args, func(fs *flag.FlagSet) {
		data = dataFlag(fs)
		fs.StringVar(&body.Role, "role", "", "角色 / `ROLE`: administrator, supervisor, auditor or screen")
		fs.StringVar(&body.Name, "name", "", "用途 / `NAME`: what it is for")
		fs.StringVar(&body.Expires, "expires", "", "最后有效日 / last `DAY` on which it works, like 2026-12-31 (default: a year from today; two years at most)")
		fs.Func("address", "只能从这些地址使用，可重复 / `RANGE` of addresses that it works from, like 10.0.3.7 or 10.0.3.0/24; may be repeated (default: everywhere)",
			func(s string) error { body.Addresses = append(body.Addresses, s); return nil })
	})
	if shown || err != nil {
		return err
	}
	if body.Role == "" {
		return wrongUse("token create 要写明 --role：administrator、supervisor、auditor 或 screen", "token create needs --role administrator, supervisor, auditor or screen")
	}
	if body.Name == "" {
		body.Name = body.Role
	}
	var made api.NewToken
	if err := operate(ctx, *data, http.MethodPost, "tokens", body, &made); err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "%s\n", made.Token)
	return err
}

func listTokens(ctx context.Context, args []string, stdout io.Writer) error {
	var data *string
	if shown, err := flagSet("token list", stdout, args, func(fs *flag.FlagSet) { data = dataFlag(fs) }); shown || err != nil {
		return err
	}
	var list api.TokenList
	if err := operate(ctx, *data, http.MethodGet, "tokens", nil, &list); err != nil {
		return err
	}
	w := tabwriter.NewWriter(stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "编号 id\t角色 role\t用途 name\t建立 created\t有效至 expires\t地址 addresses\t最近使用 last used\t")
	for _, t := range list.Tokens {
		until := string(t.Expires)
		if t.Revoked {
			until = "已撤销 revoked"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", t.ID, t.Role, t.Name, t.Created.Format(time.DateTime), until, strings.Join(t.Addresses, " "), lastUse(&t))
	}
	return w.Flush()
}

// lastUse is when a token was last used: to the second since the hub's start, to the day before.
func lastUse(t *api.TokenRow) string {
	switch {
	case t.Used != nil:
		return t.Used.Format(time.DateTime) + " " + t.UsedFrom
	case t.UsedOn != "":
		return string(t.UsedOn) + " " + t.UsedFrom
	}
	return "从未 never"
}

func revokeToken(ctx context.Context, args []string, stdout io.Writer) error {
	var data *string
	var id string
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		id, args = args[0], args[1:]
	}
	shown, err := flagSet("token revoke ID", stdout, args, func(fs *flag.FlagSet) {
		data = dataFlag(fs)
		fs.StringVar(&id, "id", id, "令牌编号，也可以直接写在 revoke 后面 / the token's `ID`, as token list shows it; it may stand after revoke as well")
	})
	if shown || err != nil {
		return err
	}
	if id == "" {
		return wrongUse("token revoke 要写明令牌编号，如 hub token revoke 编号；编号见 hub token list", "token revoke needs the token's ID, like hub token revoke ID; hub token list shows it")
	}
	var list api.TokenList
	if err := operate(ctx, *data, http.MethodGet, "tokens", nil, &list); err != nil {
		return err
	}
	i := slices.IndexFunc(list.Tokens, func(t api.TokenRow) bool { return t.ID == id })
	if i < 0 {
		return bilingual.Errorf("没有编号为 %q 的令牌：hub token list 列出所有令牌", "no token has the id %q: hub token list lists them", id)
	}
	t := &list.Tokens[i]
	if err := operate(ctx, *data, http.MethodDelete, "tokens/"+t.ID, nil, nil); err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "已撤销 revoked: %s, %s, 最近使用 last used: %s\n", t.Name, t.Role, lastUse(t))
	return err
}

// operate asks the running hub of a data folder for something as its operator.
func operate(ctx context.Context, data, method, path string, body, answer any) error {
	control, err := app.ReadControl(data)
	if errors.Is(err, fs.ErrNotExist) {
		return bilingual.Errorf("数据文件夹 %s 上没有主机在运行：请先启动，或用 --data 另指文件夹", "no hub runs on the data folder %s: start it, or name another folder with --data", data)
	}
	if err != nil {
		return bilingual.Errorf("找不到 %s 的主机，请用运行主机的用户执行：%w", "find the hub of %s (run this as the user who runs the hub): %w", data, err)
	}
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		content = bytes.NewReader(text)
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, control.HTTP+"/api/v1/"+path, content)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+control.Secret)
	request.Header.Set("Accept-Language", api.BothLanguages)
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return bilingual.Errorf("%s 的主机没有应答，它在运行吗？%w", "the hub of %s does not answer; is it running? %w", data, err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(response.Body, 8<<20))
	if err != nil {
		return err
	}
	if response.StatusCode/100 != 2 {
		return refused(text, response.Status)
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(text, answer)
}

func refused(text []byte, status string) error {
	var p wire.Problem
	if json.Unmarshal(text, &p) != nil || p.Title == "" {
		return bilingual.Errorf("主机的答复是 %s", "the hub answered %s", status)
	}
	zh, en := inBoth(p.Title)
	for _, f := range p.Fields {
		fzh, fen := inBoth(f.Message)
		zh, en = zh+"；"+f.Field+"："+fzh, en+"; "+f.Field+": "+fen
	}
	return bilingual.New(zh, en)
}

// inBoth parts what the hub has said in both languages; see api.BothLanguages.
func inBoth(words string) (zh, en string) {
	zh, en, ok := strings.Cut(words, "\n")
	if !ok {
		return words, words
	}
	return zh, en
}
