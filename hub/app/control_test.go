package app_test

import (
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"hallkeeper/hub/app"
	"hallkeeper/hub/broker/brokertest"
)

// A disk on which control.json cannot be written keeps nobody from serving; once it can, programs find the hub.
func TestAHubServesThoughItsOperatorsCannotFindIt(t *testing.T) {
	cfg := config(t.TempDir())
	inTheWay := filepath.Join(cfg.Data, "control.json.new")
	if err := os.Mkdir(inTheWay, 0o700); err != nil {
		t.Fatal(err)
	}
	h := start(t, cfg)
	if got := h.get("/readyz", nil); got != http.StatusOK {
		t.Errorf("it is ready with %d", got)
	}
	if _, err := app.ReadControl(cfg.Data); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file is there: %v", err)
	}
	if err := os.Remove(inTheWay); err != nil {
		t.Fatal(err)
	}
	brokertest.Eventually(t, "programs find the hub", func() bool {
		c, err := app.ReadControl(cfg.Data)
		return err == nil && c.HTTP == h.addr.HTTP
	})
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := app.ReadControl(cfg.Data); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it is left behind: %v", err)
	}
}
