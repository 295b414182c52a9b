package main

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"hallkeeper/hub/app"
	"hallkeeper/wire"
)

// agentProgram FILE builds the agent.
func agentProgram(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: agent FILE")
	}
	build := exec.Command("go", "build", "-o", ts.MkAbs(args[0]), "hallkeeper/agent/cmd/agent")
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // as the Makefile builds all, whose results are there
	if out, err := build.CombinedOutput(); err != nil {
		ts.Fatalf("build the agent: %v %s", err, out)
	}
}

// secured READY N waits until N devices are online with certificates that are good, as
// the live view says over HTTPS, and sets FINGERPRINT to that of the authority.
func secured(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: secured READY N")
	}
	want, err := strconv.Atoi(args[1])
	ts.Check(err)
	text, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	var addr app.Addresses
	ts.Check(json.Unmarshal(text, &addr))
	res, err := http.Get(addr.HTTP + "/ca.crt")
	ts.Check(err)
	defer res.Body.Close()
	authority, err := io.ReadAll(res.Body)
	ts.Check(err)
	pool := x509.NewCertPool()
	block, _ := pem.Decode(authority)
	if block == nil || !pool.AppendCertsFromPEM(authority) {
		ts.Fatalf("no certificate: %s", authority)
	}
	sum := sha256.Sum256(block.Bytes)
	ts.Setenv("FINGERPRINT", strings.ToUpper(hex.EncodeToString(sum[:])))
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS13}}}
	defer client.CloseIdleConnections()
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		live, err := liveOver(client, addr.HTTPS)
		ts.Check(err)
		good := 0
		for _, d := range live.Devices {
			if d.State == wire.DeviceOnline && d.Certificate != nil && d.Certificate.State == "live" {
				good++
			}
		}
		if good == want {
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("%d of %d devices are online with certificates: %+v", good, want, live.Devices)
		}
	}
}

func liveOver(client *http.Client, base string) (live wire.Live, err error) {
	res, err := client.Get(base + "/api/v1/live")
	if err != nil {
		return live, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return live, fmt.Errorf("the live view: %s", res.Status)
	}
	err = json.NewDecoder(res.Body).Decode(&live)
	return live, err
}

// printed FILE checks that the authority's fingerprint is in what the demo has said.
func printed(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: printed FILE")
	}
	said := strings.ReplaceAll(ts.ReadFile(args[0]), ":", "")
	if f := ts.Getenv("FINGERPRINT"); len(f) != 2*sha256.Size || !strings.Contains(said, f) {
		ts.Fatalf("the fingerprint %s is not printed", f)
	}
}
