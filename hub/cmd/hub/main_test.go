package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	paho "github.com/eclipse/paho.mqtt.golang"
	"github.com/rogpeppe/go-internal/testscript"

	"hallkeeper/hub/app"
)

// The scripts run this program itself, in processes of its own.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"hub": main})
}

const patience = 30 * time.Second

func TestScripts(t *testing.T) {
	year, err := filepath.Abs(filepath.Join("..", "..", "score", "testdata", "year"))
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"await": await, "publish": publish, "flip": flip, "status": status,
			"play": play(year), "fetch": fetch, "repack": repack, "forge": forge,
			"both": both, "tokens": tokens, "seal": seal, "glob": glob,
			"link": link, "administrator": administrator,
			"agent": agentProgram, "secured": secured, "printed": printed,
			"agekey": agekey, "ask": ask, "halve": halve, "smalldisk": smalldisk, "empty": empty, "sameviews": sameviews, "newer": newer, "fingerprint": fingerprint,
		},
		Condition: func(cond string) (bool, error) {
			if cond == "smalldisk" {
				return canMount(), nil
			}
			return false, fmt.Errorf("no condition is called %q", cond)
		},
	})
}

// await FILE NAME… waits for a ready file and sets NAME_HTTP and NAME_MQTT.
func await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: await FILE")
	}
	var addr app.Addresses
	for end := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		b, err := os.ReadFile(ts.MkAbs(args[0]))
		if err == nil {
			ts.Check(json.Unmarshal(b, &addr))
			break
		}
		if time.Now().After(end) {
			ts.Fatalf("%s: %v", args[0], err)
		}
	}
	ts.Setenv("HTTP", strings.TrimPrefix(addr.HTTP, "http://"))
	ts.Setenv("MQTT", strings.TrimPrefix(addr.MQTT, "tcp://"))
	ts.Setenv("PID", fmt.Sprint(addr.PID))
}

// publish ADDR HALL AGENT PAYLOAD returns when the publish was acknowledged.
func publish(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 4 {
		ts.Fatalf("usage: publish ADDR HALL AGENT PAYLOAD")
	}
	client := paho.NewClient(paho.NewClientOptions().AddBroker("tcp://" + args[0]).SetClientID("test-" + args[2]).SetAutoReconnect(false))
	for _, token := range []func() paho.Token{
		client.Connect,
		func() paho.Token {
			return client.Publish("hall/v1/"+args[1]+"/agents/"+args[2]+"/events", 1, false, args[3])
		},
	} {
		t := token()
		if !t.WaitTimeout(patience) {
			ts.Fatalf("no answer")
		}
		ts.Check(t.Error())
	}
	client.Disconnect(0)
}

// flip FOLDER SUFFIX changes a byte in the middle of the data of the only file with that suffix.
func flip(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: flip FOLDER SUFFIX TEXT")
	}
	files, err := filepath.Glob(filepath.Join(ts.MkAbs(args[0]), "*"+args[1]))
	ts.Check(err)
	if len(files) != 1 {
		ts.Fatalf("found %v", files)
	}
	b, err := os.ReadFile(files[0])
	ts.Check(err)
	i := strings.LastIndex(string(b), args[2])
	if i < 0 {
		ts.Fatalf("%q is not in the file", args[2])
	}
	b[i] ^= 1
	ts.Check(os.WriteFile(files[0], b, 0o600))
}

// status N COMMAND… runs the program in this process and checks its exit status.
func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: status N ARGS…")
	}
	stdout, err := os.CreateTemp(ts.Getenv("WORK"), "out")
	ts.Check(err)
	defer stdout.Close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var stderr strings.Builder
	for i := range args[1:] {
		if strings.HasPrefix(args[i+1], "data") {
			args[i+1] = ts.MkAbs(args[i+1])
		}
	}
	got := exit(&stderr, run(ctx, args[1:], stdout, &stderr))
	if fmt.Sprint(got) != args[0] {
		ts.Fatalf("exit status %d, stderr %s", got, stderr.String())
	}
	if n := strings.Count(stderr.String(), "\n"); got == 1 && n != 2 {
		ts.Fatalf("an error of %d lines, not one in each language: %s", n, stderr.String())
	}
	if got == 1 || got == 2 {
		inBothLanguages(ts, stderr.String())
	}
}

// inBothLanguages wants that the first line is in Chinese and the second in English, each after the program's name.
func inBothLanguages(ts *testscript.TestScript, said string) {
	zh, rest, _ := strings.Cut(said, "\n")
	en, _, _ := strings.Cut(rest, "\n")
	han := regexp.MustCompile(`\p{Han}`)
	if !strings.HasPrefix(zh, "hub: ") || !han.MatchString(zh) || !regexp.MustCompile(`^hub: .*[a-z]{2,} [a-z]+`).MatchString(en) || han.MatchString(en) {
		ts.Fatalf("it is not said in Chinese and in English:\n%s", said)
	}
}

// both ARGS… ZH EN runs the program, which must fail and say what matches ZH in Chinese and EN in English.
func both(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: both ARGS… ZH EN")
	}
	n := len(args) - 2
	if err := ts.Exec("hub", args[:n]...); err == nil {
		ts.Fatalf("it succeeded")
	}
	said := ts.ReadFile("stderr")
	inBothLanguages(ts, said)
	zh, en, _ := strings.Cut(said, "\n")
	for line, want := range map[string]string{zh: args[n], en: args[n+1]} {
		if !regexp.MustCompile(want).MatchString(line) {
			ts.Fatalf("%q is not in: %s", want, line)
		}
	}
}

// tokens DATA NAME… sets each NAME to the id of the token that is called so in small letters.
func tokens(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: tokens DATA NAME…")
	}
	ts.Check(ts.Exec("hub", "token", "list", "--data", args[0]))
	for line := range strings.Lines(ts.ReadFile("stdout")) {
		for _, name := range args[1:] {
			if f := strings.Fields(line); len(f) > 2 && f[2] == strings.ToLower(name) {
				ts.Setenv(name, f[0])
			}
		}
	}
}

// seal FILE RECIPIENT TO encrypts a file.
func seal(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: seal FILE RECIPIENT TO")
	}
	to, err := age.ParseX25519Recipient(args[1])
	ts.Check(err)
	var out bytes.Buffer
	w, err := age.Encrypt(&out, to)
	ts.Check(err)
	_, err = w.Write([]byte(ts.ReadFile(args[0])))
	ts.Check(err)
	ts.Check(w.Close())
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), out.Bytes(), 0o600))
}

// glob PATTERN wants that there are such files.
func glob(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: glob PATTERN")
	}
	there, err := filepath.Glob(ts.MkAbs(args[0]))
	ts.Check(err)
	if (len(there) > 0) == neg {
		ts.Fatalf("there are %q", there)
	}
}
