package interop

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"
)

// patience is how long another implementation may take for one file; it is generous, since others may be at work.
const patience = time.Minute

// Ask gives an answer for each file, and the name of who answered. One process reads one file after the other; where it
// dies or falls silent, that is its answer (Refused), and another one goes on. Where the clock that a file wants cannot
// be set, the test is skipped, or fails if CI is set or CONSENTRY_REQUIRE_INTEROP is 1.
func (o Oracle) Ask(t testing.TB, files []File) (who string, answers []Answer) {
	t.Helper()
	var p *process
	defer func() { p.end() }()
	for i := range files {
		f := &files[i]
		if p == nil || !p.at.Equal(f.At) {
			p.end()
			p = o.start(t, f.At)
			who = p.name
		}
		a, err := p.ask(o.job(f))
		if err != nil {
			a.Refused = err.Error()
			p.end()
			p = nil
		}
		answers = append(answers, a)
	}
	return who, answers
}

// Ask asks the newest version of c2pa-rs.
func Ask(t testing.TB, files []File) (who string, answers []Answer) {
	t.Helper()
	if Current.command(moduleRoot(t)) == nil {
		missing(t, "no other implementation is installed: nothing was checked against one (run: scripts/setup.sh test)")
	}
	return Current.Ask(t, files)
}

func (o Oracle) job(f *File) map[string]any {
	job := map[string]any{"path": f.Path, "mime": f.Mime, "manifest": f.Manifest, "fragments": f.Fragments}
	if o != Encypher {
		job["settings"] = f.Trust.settings(o)
		return job
	}
	job["pem"] = f.Trust.pem()
	if !f.At.IsZero() {
		job["time"] = f.At.UTC().Format(time.RFC3339)
	}
	return job
}

// process is an implementation that is running: a job in JSON on each line of its input, an answer on each of its output.
type process struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines chan []byte
	errs  bytes.Buffer
	name  string
	at    time.Time
}

func (o Oracle) start(t testing.TB, at time.Time) *process {
	t.Helper()
	args := o.command(moduleRoot(t))
	p := &process{at: at, lines: make(chan []byte)}
	p.cmd = exec.Command(args[0], args[1:]...)
	p.cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "ENCYPHER_C2PA_ONLINE=off"}
	if !at.IsZero() && o != Encypher {
		lib := clockLibrary()
		if lib == "" {
			missing(t, "no libfaketime (Debian package faketime): the other implementation's clock cannot be set")
		}
		p.cmd.Env = append(p.cmd.Env, "LD_PRELOAD="+lib, "TZ=UTC", "FAKETIME_DONT_FAKE_MONOTONIC=1", "FAKETIME="+at.UTC().Format("@2006-01-02 15:04:05"))
	}
	p.cmd.Stderr = &p.errs
	var out io.ReadCloser
	var err error
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if out, err = p.cmd.StdoutPipe(); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatalf("%s: %v", o, err)
	}
	go p.read(out)
	var hello struct {
		Version string
		Clock   float64
	}
	if line, err := p.line(); err != nil || json.Unmarshal(line, &hello) != nil {
		p.end()
		t.Fatalf("%s does not start: %v\n%s", o, err, p.errs.String())
	}
	p.name = hello.Version
	if clock := time.Unix(int64(hello.Clock), 0); !at.IsZero() && o != Encypher && clock.Sub(at).Abs() > time.Hour {
		p.end()
		missing(t, fmt.Sprintf("the clock of %s says %v and not %v", o, clock.UTC(), at))
	}
	return p
}

// read passes lines on until the process closes its output.
func (p *process) read(out io.Reader) {
	defer close(p.lines)
	for r := bufio.NewReader(out); ; {
		line, err := r.ReadBytes('\n')
		if err != nil {
			return
		}
		p.lines <- line
	}
}

func (p *process) line() ([]byte, error) {
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case line, ok := <-p.lines:
		if !ok {
			return nil, fmt.Errorf("crash: it ended without an answer")
		}
		return line, nil
	case <-late.C:
		return nil, fmt.Errorf("hang: no answer in %v", patience)
	}
}

func (p *process) ask(job map[string]any) (a Answer, err error) {
	b, err := json.Marshal(job)
	if err != nil {
		return a, err
	}
	if _, err := p.in.Write(append(b, '\n')); err != nil {
		return a, fmt.Errorf("crash: %w", err)
	}
	line, err := p.line()
	if err != nil {
		return a, err
	}
	return a, json.Unmarshal(line, &a)
}

// end stops the process, which may be none.
func (p *process) end() {
	if p == nil {
		return
	}
	_ = p.in.Close()
	_ = p.cmd.Process.Kill()
	for range p.lines { // nobody else reads them
	}
	_ = p.cmd.Wait()
	// What libfaketime shares with its children outlives a process that is killed, and another process of the same number
	// could not start with it.
	for _, name := range []string{"faketime_shm_", "sem.faketime_sem_"} {
		_ = os.Remove(fmt.Sprintf("/dev/shm/%s%d", name, p.cmd.Process.Pid))
	}
}
