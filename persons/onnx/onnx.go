//go:build cgo && !noonnx

package onnx

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	ort "github.com/yalue/onnxruntime_go"

	"github.com/consentry/consentry/internal/onnxgraph"
	"github.com/consentry/consentry/persons"
	"github.com/consentry/consentry/persons/network"
)

// Available says whether this binary can run networks.
const Available = true

// opened guards that the library is loaded once: onnxruntime_go keeps it in variables of its own.
var opened sync.Mutex

// Library is ONNX Runtime, loaded. A process has one at a time.
type Library struct{ sessions []*session }

// Open loads the library. Who calls it has checked the file: loading runs code of it.
func Open(path string) (*Library, error) {
	if !opened.TryLock() {
		return nil, &persons.Error{Reason: persons.ReasonLibrary, Detail: "ONNX Runtime is in use in this process"}
	}
	ort.SetSharedLibraryPath(path)
	if err := ort.InitializeEnvironment(ort.WithLogLevelFatal()); err != nil {
		opened.Unlock()
		return nil, &persons.Error{Reason: persons.ReasonLibrary, Detail: "ONNX Runtime does not load: " + err.Error(), Err: err}
	}
	l := &Library{}
	if err := shareArena(); err != nil {
		return nil, &persons.Error{Reason: persons.ReasonLibrary, Detail: "ONNX Runtime gives no memory: " + err.Error(), Err: errors.Join(err, l.Close())}
	}
	return l, nil
}

// shareArena has all sessions use one arena that grows by what is asked for: parts of a network are run one after the
// other, and each for itself would keep what it once took.
func shareArena() error {
	const asAsked, standard = 1, -1
	cfg, err := ort.NewArenaCfg(0, asAsked, standard, standard)
	if err != nil {
		return err
	}
	defer cfg.Destroy()
	info, err := ort.GetMemoryInfo()
	if err != nil {
		return err
	}
	return ort.CreateAndRegisterAllocator(info, cfg)
}

// Close frees the library and the sessions that it gave.
func (l *Library) Close() error {
	defer opened.Unlock()
	var errs []error
	for _, s := range l.sessions {
		errs = append(errs, s.close())
	}
	return errors.Join(append(errs, ort.DestroyEnvironment())...)
}

// Session prepares a model to be run with one thread. The model is what [network.Recognise] returned with n. A network
// that can be cut is run in parts, see [network.Cut]; the answers are the same.
func (l *Library) Session(model []byte, n *network.Network) (network.Runner, error) {
	run, err := l.prepare(model, n)
	if err != nil {
		return nil, &persons.Error{Reason: persons.ReasonModel, Detail: "ONNX Runtime refuses the model: " + err.Error(), Err: err}
	}
	return run, nil
}

func (l *Library) prepare(model []byte, n *network.Network) (network.Runner, error) {
	if len(n.Cuts) == 0 {
		return l.session(model, []string{n.Input}, n.Outputs)
	}
	m, err := onnxgraph.Parse(model)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(n.Cuts, func(c network.Cut) bool { return !m.Gives(c.Value) }) { // written by another tool
		return l.session(model, []string{n.Input}, n.Outputs)
	}
	return l.banded(m, n)
}

func (l *Library) session(model []byte, inputs, outputs []string) (*session, error) {
	s, err := newSession(model, inputs, outputs)
	if err == nil {
		l.sessions = append(l.sessions, s)
	}
	return s, err
}

func newSession(model []byte, inputs, outputs []string) (*session, error) {
	o, err := ort.NewSessionOptions()
	if err != nil {
		return nil, err
	}
	defer o.Destroy()
	if err := errors.Join(
		o.SetIntraOpNumThreads(1), // workers are processes, each with one thread
		o.SetInterOpNumThreads(1),
		o.SetLogSeverityLevel(ort.LoggingLevelFatal),
		o.AddSessionConfigEntry("session.use_env_allocators", "1"), // see shareArena
		o.SetMemPattern(false),                                     // a plan for each size of picture is kept beside what the first run took: 30 MB more, no faster
	); err != nil {
		return nil, err
	}
	s := &session{outputs: len(outputs)}
	s.run, err = ort.NewDynamicAdvancedSessionWithONNXData(model, inputs, outputs, o)
	return s, err
}

// session is a model that is ready. It is used by one goroutine at a time.
type session struct {
	run     *ort.DynamicAdvancedSession
	outputs int
	last    []ort.Value // answers that are lent until the next call
}

// Run implements [network.Runner].
func (s *session) Run(in network.Tensor) ([]network.Tensor, error) { return s.compute(in) }

func (s *session) compute(in ...network.Tensor) ([]network.Tensor, error) {
	if err := s.free(); err != nil {
		return nil, err
	}
	given := make([]ort.Value, len(in))
	for i := range in {
		t, err := ort.NewTensor(ort.NewShape(in[i].Shape...), in[i].Data)
		if err != nil {
			return nil, err
		}
		defer t.Destroy()
		given[i] = t
	}
	s.last = make([]ort.Value, s.outputs)
	if err := s.run.Run(given, s.last); err != nil {
		if strings.Contains(err.Error(), "allocate memory") { // the library tells it in words only
			err = &persons.Error{Reason: persons.ReasonLimit, Detail: "the network needs more memory than it may have", Err: err}
		}
		return nil, err
	}
	out := make([]network.Tensor, len(s.last))
	for i, v := range s.last {
		f, ok := v.(*ort.Tensor[float32])
		if !ok {
			return nil, fmt.Errorf("answer %d of the network is no array of float32", i)
		}
		out[i] = network.Tensor{Shape: f.GetShape(), Data: f.GetData()}
	}
	return out, nil
}

func (s *session) free() error {
	var errs []error
	for _, v := range s.last {
		if v != nil {
			errs = append(errs, v.Destroy())
		}
	}
	s.last = nil
	return errors.Join(errs...)
}

func (s *session) close() error { return errors.Join(s.free(), s.run.Destroy()) }
