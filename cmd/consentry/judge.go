package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/consentry/consentry"
	"github.com/consentry/consentry/internal/crops"
	"github.com/consentry/consentry/internal/render"
	"github.com/consentry/consentry/manifest"
	"github.com/consentry/consentry/report"
)

// verify judges the assets and writes the answer.
func (p *program) verify(ctx context.Context, o *verifyOptions) error {
	if o.format == "json" || o.format == "ndjson" {
		render.Ready()
	}
	targets, err := p.targetsOf(ctx, o)
	if err != nil {
		return err
	}
	defer closeTargets(targets)
	v, err := newVerifier(o, p.warnf)
	if err != nil {
		return err
	}
	other, err := newWhatIf(o, v)
	if err != nil {
		return err
	}
	inputs := []string{o.manifest}
	for _, t := range targets {
		inputs = append(inputs, t.inputs()...)
	}
	one := len(targets) == 1 && len(o.assets) <= 1 && !isFolder(o.assets)
	pictures, err := openCrops(o.crops, o.pixelate)
	if err != nil {
		return err
	}
	if pictures != nil && !one {
		for i, t := range targets {
			t.crops = crops.SubFolder(i+1, t.name)
		}
	}
	out, err := p.openAnswer(o.out, inputs)
	if err != nil {
		return err
	}
	defer out.abandon()

	judge := func(t *target) *judged {
		j := p.judgeTarget(ctx, v, other, o, t)
		if pictures != nil {
			j.show(pictures, t.crops)
		}
		return j
	}
	if one {
		err = p.writeOne(out, o, judge(targets[0]))
	} else {
		err = p.writeBatch(out, o, targets, judge)
	}
	if err != nil {
		return err
	}
	return out.commit()
}

func isFolder(args []string) bool {
	for _, a := range args {
		if info, err := os.Stat(a); err == nil && info.IsDir() {
			return true
		}
	}
	return false
}

// judged is what came of one file.
type judged struct {
	name string
	res  *consentry.Result // nil: the file could not be opened
	err  error
	told bool   // err was said
	hint string // for people, whatever came of it

	redacted bool
	names    render.Names // that the report does not give, where it was asked for
}

// report is the report of a file; one that could not be opened has one too, which says so.
func (j *judged) report() *report.Report {
	if j.res != nil && j.res.Report != nil {
		return j.res.Report
	}
	return nil
}

// exit is the exit code for a file.
func (j *judged) exit(strict bool) int {
	r := j.report()
	if j.err != nil || r == nil {
		return exitUnknown
	}
	switch r.Verdict {
	case report.Pass, report.NotApplicable:
		return exitMeets
	case report.Warn:
		if strict {
			return exitNot
		}
		return exitMeets
	case report.Fail:
		return exitNot
	}
	return exitUnknown
}

// worse is the worse of two exit codes: that something cannot be told beats that all is well, and a clear no beats both.
func worse(a, b int) int {
	for _, code := range []int{exitNot, exitUnknown} {
		if a == code || b == code {
			return code
		}
	}
	return exitMeets
}

// judgeTarget opens what is to be judged, where it is not open yet, and judges it. Everything that goes wrong with it is
// its own: a batch goes on.
func (p *program) judgeTarget(ctx context.Context, v *consentry.Verifier, other *whatIf, o *verifyOptions, t *target) (j *judged) {
	j = &judged{name: t.name}
	var asset consentry.Asset
	if t.set != nil {
		asset = t.set.asset
	} else {
		f, size, err := openFile(t.name)
		if err != nil {
			j.err = err
			return j
		}
		defer f.Close()
		asset = consentry.Asset{
			Name: t.name, Size: size,
		}
		asset.Sidecar, asset.SidecarName = besideOf(nil, t.name)
		if asset.Changed, j.err = unchanged(f); j.err != nil {
			return j
		}
		bar := p.startProgress(t.name, size)
		defer bar.stop()
		asset.Data = bar.reader(f)
	}
	asset.LinkHeader = o.linkHeader
	if o.manifest != "" {
		if asset.Manifest, j.err = readSmall(o.manifest, maxBeside); j.err != nil {
			return j
		}
		asset.ManifestName = filepath.Base(o.manifest)
		if t.set != nil {
			t.set.leaveOut(o.manifest)
		}
	}
	if o.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.timeout)
		defer cancel()
	}
	j.res, j.err = v.Examine(ctx, asset)
	var label *manifest.LabelError
	if errors.As(j.err, &label) { // nobody asked for the rest of the report
		j.res, j.err = nil, labelError(label)
	}
	if j.err == nil {
		j.err = other.ask(ctx, asset, j.report())
	}
	if o.redactNames && j.res != nil {
		j.redact()
	}
	return j
}

// redact takes the names that the file gives out of the report. A report that cannot be rid of them is none.
func (j *judged) redact() {
	j.redacted = true
	r, err := j.names.Report(j.res.Report)
	if j.res.Report = r; err != nil {
		j.err = errors.Join(j.err, err)
	}
}

// labelError is a --manifest-label that the store lacks, with those that it has.
func labelError(e *manifest.LabelError) error {
	var have []string
	for _, l := range e.Have {
		have = append(have, render.Clip(l))
	}
	hint := "there is " + strings.Join(have, ", ")
	if e.More > 0 {
		hint += fmt.Sprintf(" and %d more", e.More)
	}
	return &usageError{Text: fmt.Sprintf("--manifest-label: %v", e), Hint: hint}
}

// tell says why a file was not judged, or not to the end.
func (p *program) tell(j *judged, several bool) {
	if j.hint != "" {
		p.hintf("%s", j.hint)
		j.hint = ""
	}
	if j.err == nil || j.told {
		return
	}
	j.told = true
	if several || j.res != nil {
		j.err = prefixed(j.name, j.err)
	}
	p.fail(j.err)
}

// prefixed names the file in an error that does not, and keeps its hint.
func prefixed(name string, err error) error {
	if strings.Contains(err.Error(), fmt.Sprintf("%q", name)) {
		return err
	}
	return fmt.Errorf("%q: %w", name, err)
}

// ofFlag names the flag in an error that does not, and keeps its hint.
func ofFlag(flag string, err error) error {
	if strings.Contains(err.Error(), "--") {
		return err
	}
	return fmt.Errorf("%s %w", flag, err)
}

// writeOne writes the answer about one file. Without a report there is no answer.
func (p *program) writeOne(w io.Writer, o *verifyOptions, j *judged) error {
	p.code = j.exit(o.strict)
	r := j.report()
	if r == nil {
		return j.err // it names the file that it speaks of
	}
	p.tell(j, false)
	if o.format != "crjson" {
		j.res = &consentry.Result{Report: r} // the store is not needed any more
	}
	switch o.format {
	case "json":
		return render.JSON(w, r)
	case "ndjson":
		return render.Line(w, r)
	case "crjson":
		if j.res.Located != nil && j.res.Located.NotSupported != "" && j.res.Validation == nil {
			p.warnf("%s", j.res.Located.NotSupported)
		}
		doc := render.NewCrJSON(j.res.Validation, toolVersion(), r.ValidationTime)
		if !o.redactNames {
			return render.JSON(w, doc)
		}
		bare, err := j.names.CrJSON(doc)
		if err != nil {
			return err
		}
		return render.JSON(w, bare)
	}
	return render.Text(w, r, render.Options{Colour: o.out == "" && colour(p.stdout)})
}

// writeBatch judges several files, some at a time, and writes the answers in the order of the files (ndjson: as they
// finish). A file that could not be opened has a report that says so.
func (p *program) writeBatch(w io.Writer, o *verifyOptions, targets []*target, judge func(*target) *judged) error {
	results := make([]*judged, len(targets))
	var wg sync.WaitGroup
	var mu sync.Mutex // of the streams, and of results
	var writeErr error
	interrupted := 0
	next := make(chan int)
	for range min(o.jobs, len(targets)) {
		wg.Go(func() {
			for i := range next {
				j := p.guarded(targets[i], judge)
				if j.report() == nil {
					j.res = &consentry.Result{Report: unreadable(targets[i].name, o, j.err)}
				}
				mu.Lock()
				results[i] = j
				if errors.Is(j.err, context.Canceled) {
					j.told = true // once for all
					interrupted++
				}
				p.tell(j, true)
				if o.format == "ndjson" && writeErr == nil {
					writeErr = render.Line(w, j.report())
				}
				if o.format != "ndjson" {
					j.res = &consentry.Result{Report: j.res.Report} // the store is not needed any more
				}
				mu.Unlock()
			}
		})
	}
	for i := range targets {
		next <- i
	}
	close(next)
	wg.Wait()
	if interrupted > 0 {
		p.say("error", fmt.Sprintf("the run was interrupted: %d of %s not judged, or not to the end", interrupted, report.Count(len(targets), "file")))
	}
	if writeErr != nil {
		return writeErr
	}
	reports := make([]*report.Report, len(results))
	for i, j := range results {
		reports[i] = j.report()
		p.code = worse(p.code, j.exit(o.strict))
	}
	switch o.format {
	case "ndjson":
		return nil
	case "json":
		return render.JSON(w, render.NewBatch(reports))
	}
	return render.BatchText(w, render.NewBatch(reports), render.Options{Colour: o.out == "" && colour(p.stdout)})
}

// guarded judges a file so that a bug of ours that one file meets does not take the others' answers along.
func (p *program) guarded(t *target, judge func(*target) *judged) (j *judged) {
	defer func() {
		if r := recover(); r != nil {
			j = &judged{name: t.name, err: fmt.Errorf("%q: internal error: %v", t.name, r)}
		}
	}()
	return judge(t)
}

// unreadable is the report about a file that could not be read: nothing was checked.
func unreadable(name string, o *verifyOptions, err error) *report.Report {
	at := o.at
	if at.IsZero() {
		at = time.Now()
	}
	why := err.Error()
	r := &report.Report{
		Schema: report.Schema, Tool: report.Tool{Name: "consentry", Version: toolVersion(), Spec: consentry.Spec},
		Asset:          report.Asset{Name: name, Tracks: []report.Track{}},
		ValidationTime: at.UTC().Truncate(time.Second),
		Verdict:        report.Indeterminate,
		Reasons:        []report.Reason{{Event: "unreadable", Outcome: report.Indeterminate, Text: "the file could not be read: " + why}},
		Labels:         []report.Label{}, People: []report.Person{}, Works: []report.Person{}, Findings: []report.Finding{},
		NotChecked: []report.NotChecked{{What: "file", Why: why}}, Fetched: []report.Fetched{},
	}
	r.Policy = report.Policy{Profile: "newsroom", TimeBase: "generation"}
	if p, err := loadPolicy(o); err == nil {
		r.Policy = p.Report(o.policyFile)
	}
	r.Provenance.Integrity.Damage, r.Provenance.Manifests = []report.Damage{}, []report.Manifest{}
	r.Origin.Because = []report.Because{}
	r.Watermarks.Found, r.Watermarks.SoftBindings = []report.Watermark{}, []report.SoftBinding{}
	r.Persons.Tracks, r.Persons.NotSeen, r.Persons.Undeclared = []report.PersonTrack{}, []string{}, []int{}
	r.Persons.Voices = report.Voices{Status: "off", Tracks: []report.VoiceTrack{}, Undeclared: []int64{}}
	return r
}
