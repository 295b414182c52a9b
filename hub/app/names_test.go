package app_test

import (
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Whatever a stranger or a supervisor writes where the name of something stands, no
// file beside those that the name is for is read, made or removed.
func TestNoNameLeavesItsFolder(t *testing.T) {
	home := t.TempDir()
	data := filepath.Join(home, "outer", "data")
	const marker = "what-nobody-may-read-over-http"
	for _, dir := range []string{home, filepath.Join(home, "outer"), data} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"secret.txt", "secret.key"} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(marker), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	h := start(t, config(data))
	key, err := os.ReadFile(filepath.Join(data, "keys", "card.key"))
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Paths map[string]map[string]struct{} `json:"paths"`
	}
	if h.get("/openapi.json", &doc) != http.StatusOK || len(doc.Paths) < 50 {
		t.Fatal("the document names no routes")
	}
	before := filesOf(t, home, data)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	once := func(method, path, body string) int {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, h.addr.HTTP+path, strings.NewReader(body))
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		r.Header.Set("Authorization", "Bearer "+secret)
		r.Header.Set("Content-Type", "application/json")
		res, err := client.Do(r)
		if err != nil {
			t.Fatalf("%s %s: %v", method, path, err)
		}
		defer res.Body.Close()
		answer, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(answer), marker) || strings.Contains(string(answer), strings.TrimSpace(string(key))) || strings.Contains(string(answer), "root:x:0") {
			t.Errorf("%s %s shows a file: %.200s", method, path, answer)
		}
		if res.StatusCode == http.StatusInternalServerError {
			t.Errorf("%s %s is answered %d %.200s", method, path, res.StatusCode, answer)
		}
		return res.StatusCode
	}
	ask := func(method, path, body string) {
		t.Helper()
		for once(method, path, body) == http.StatusTooManyRequests { // as often as the hub lets one caller change something
		}
	}
	names := []string{"..", "%2e%2e", "..%2fsecret.txt", "..%2F..%2Fsecret.txt", "%2e%2e%2f%2e%2e%2fsecret", "....%2f%2fsecret.txt", "..%5c..%5csecret.txt",
		"%2fetc%2fpasswd", "%2e%2e%2f%2e%2e%2f%2e%2e%2f%2e%2e%2fetc%2fpasswd", "secret.txt%00.png", "%00", "..%c0%afsecret.txt", "C%3a%5csecret.txt", "keys%2fcard.key", "..%2fkeys%2fcard", "."}
	for path, methods := range doc.Paths {
		if !strings.Contains(path, "{") {
			continue
		}
		for n, name := range names {
			filled := path
			for strings.Contains(filled, "{") {
				from := strings.Index(filled, "{")
				filled = filled[:from] + name + filled[from+strings.Index(filled[from:], "}")+1:]
			}
			for method := range methods {
				if method != "get" && n > 4 {
					continue
				}
				ask(strings.ToUpper(method), filled, "")
			}
		}
	}
	for _, prefix := range []string{"/", "/assets/", "/t/", "/window/", "/rate/", "/verify/2026-11/"} {
		for _, name := range append(names, "../secret.txt", "../../outer/secret.txt", "../keys/card.key", `..\secret.txt`) {
			ask("GET", prefix+name, "")
		}
	}
	for _, id := range []string{"../../secret", "..", "/secret", `..\\secret`, "a/../../../secret", "secret\\u0000"} {
		ask("POST", "/api/v1/findings", `{"finding":"`+id+`","day":"2026-11-23","rule":"appearance","staff":"`+id+`","note":"n","photo":"`+id+`"}`)
		ask("PUT", "/api/v1/accounts/x", `{"name":"演示","role":"staff","staff":"`+id+`","password":"a good password"}`)
		ask("POST", "/api/v1/cards", `{"staff":"`+id+`","card":"04A2B9C1"}`)
	}
	roster := "编号,姓名,派驻单位\n../../../secret,演示,民政局\n..,演示,民政局\n"
	ask("POST", "/api/v1/roster/import", roster)
	if after := filesOf(t, home, data); !slices.Equal(before, after) {
		t.Errorf("files beside the hub's own were %v and are %v", before, after)
	}
	for _, name := range filesOf(t, filepath.Join(data, "keys"), "") {
		if strings.Contains(name, "secret") || strings.Contains(name, "..") {
			t.Errorf("a key was made for %s", name)
		}
	}
}

// filesOf lists the files of a folder with their sizes, but for those in the folder but.
func filesOf(t *testing.T, dir, but string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case path == but:
			return fs.SkipDir
		case !entry.IsDir():
			info, err := entry.Info()
			if err != nil {
				return err
			}
			line, err := json.Marshal([]any{path, info.Size()})
			names = append(names, string(line))
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
