package agent

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"hallkeeper/agent/printer"
	"hallkeeper/wire"
)

const (
	// lookEvery is how often the printer is asked how it is.
	lookEvery = 5 * time.Second
	// jobsAhead bounds the tickets that wait for the printer; people do not wait for more.
	jobsAhead = 8
	// keptJobs is how many jobs are remembered, so that none is printed twice.
	keptJobs = 200
)

// printing is what the agent knows of its printer.
type printing struct {
	printer *printer.Printer
	jobs    chan wire.PrintTicket
	// seen are the jobs that were taken, the newest last; obey owns it.
	seen []string
	// said is the last state that was reported; runPrinter owns it.
	said printer.State
}

func (a *Agent) openPrinter() error {
	if a.cfg.Printer == "" {
		return nil
	}
	p, err := printer.Open(a.cfg.Printer, a.cfg.PrinterFont)
	a.paper = printing{printer: p, jobs: make(chan wire.PrintTicket, jobsAhead)}
	return err
}

// orderPrint takes a job; one that was taken before is left alone, because the hub
// sends a job again that it has no answer to.
func (a *Agent) orderPrint(c wire.Command) {
	t := wire.PrintTicket{Job: c.ID}
	err := json.Unmarshal(c.Data, &t)
	if a.paper.printer == nil {
		a.notPrinted(t.Job, "no_printer")
		return
	}
	if err != nil || t.Number == "" {
		a.logger.Warn("the hub orders a print without a ticket; is it of another version?", "id", c.ID)
		a.notPrinted(t.Job, "bad_job")
		return
	}
	if slices.Contains(a.paper.seen, t.Job) {
		return
	}
	select {
	case a.paper.jobs <- t:
		a.paper.seen = append(a.paper.seen, t.Job)
		a.paper.seen = a.paper.seen[max(len(a.paper.seen)-keptJobs, 0):]
	default:
		a.notPrinted(t.Job, "busy")
	}
}

func (a *Agent) notPrinted(job, why string) {
	a.report(a.event(wire.KindPrintFailed, wire.PrintFailed{Job: job, Reason: why}, a.board.Now()), nil)
}

// runPrinter prints what is ordered, one after the other, and reports how the printer is.
func (a *Agent) runPrinter(ctx context.Context) error {
	t := time.NewTicker(lookEvery)
	defer t.Stop()
	a.lookAtPrinter(ctx)
	for {
		select {
		case <-ctx.Done():
			return nil
		case job := <-a.paper.jobs:
			a.print(ctx, job)
		case <-t.C:
		}
		a.lookAtPrinter(ctx)
	}
}

func (a *Agent) print(ctx context.Context, job wire.PrintTicket) {
	err := a.paper.printer.Print(ctx, job)
	var failed *printer.Failed
	switch {
	case err == nil:
		a.logger.Info("a ticket was printed", "number", job.Number)
		a.report(a.event(wire.KindPrintDone, wire.PrintDone{Job: job.Job}, a.board.Now()), nil)
	case errors.As(err, &failed):
		a.logger.Error("a ticket was not printed", "number", job.Number, "why", string(failed.Reason), "error", failed.Err)
		a.notPrinted(job.Job, string(failed.Reason))
	}
}

func (a *Agent) lookAtPrinter(ctx context.Context) {
	s, err := a.paper.printer.State(ctx)
	if s == a.paper.said || ctx.Err() != nil {
		return
	}
	a.paper.said = s
	if s == printer.Ready {
		a.logger.Info("the printer is ready")
	} else {
		a.logger.Warn("the printer needs somebody", "state", string(s), "error", err)
	}
	a.report(a.event(wire.KindPrinterState, wire.PrinterState{State: string(s)}, a.board.Now()), nil)
}

// examinePrinter looks at the printer, if there is one.
func examinePrinter(ctx context.Context, cfg Config, tell teller) {
	if cfg.Printer == "" {
		return
	}
	p, err := printer.Open(cfg.Printer, cfg.PrinterFont)
	if err != nil {
		return // the settings were checked
	}
	switch s, err := p.State(ctx); s {
	case printer.Ready:
		tell.say(Well, "打印机：%s 就绪", "printer: %s is ready", cfg.Printer)
	case printer.PaperLow:
		tell.say(Note, "打印机：%s 纸快用完了", "printer: %s is nearly out of paper", cfg.Printer)
	case printer.PaperOut:
		tell.say(Ill, "打印机：%s 缺纸，请换纸", "printer: %s has no paper", cfg.Printer)
	case printer.CoverOpen:
		tell.say(Ill, "打印机：%s 上盖没有合好", "printer: the cover of %s is open", cfg.Printer)
	default:
		tell.say(Ill, "打印机：%s 连不上：%v；请检查电源、数据线和地址", "printer: %s is not reached: %v; look at its power, its cable and its address", cfg.Printer, err)
	}
}
