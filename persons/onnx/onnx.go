//go:build cgo && !noonnx

package onnx

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	ort "github.com/yalue/onnxruntime_go"

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
	return &Library{}, nil
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

// Session prepares a model to be run with one thread. The model is what [network.Recognise] returned with n.
func (l *Library) Session(model []byte, n *network.Network) (network.Runner, error) {
	s, err := newSession(model, n)
	if err != nil {
		return nil, &persons.Error{Reason: persons.ReasonModel, Detail: "ONNX Runtime refuses the model: " + err.Error(), Err: err}
	}
	l.sessions = append(l.sessions, s)
	return s, nil
}

func newSession(model []byte, n *network.Network) (*session, error) {
	o, err := ort.NewSessionOptions()
	if err != nil {
		return nil, err
	}
	defer o.Destroy()
	if err := errors.Join(
		o.SetIntraOpNumThreads(1), // workers are processes, each with one thread
		o.SetInterOpNumThreads(1),
		o.SetLogSeverityLevel(ort.LoggingLevelFatal),
		o.SetMemPattern(false), // a plan for each size of picture is kept beside what the first run took: 30 MB more, no faster
	); err != nil {
		return nil, err
	}
	s := &session{outputs: len(n.Outputs)}
	s.run, err = ort.NewDynamicAdvancedSessionWithONNXData(model, []string{n.Input}, n.Outputs, o)
	return s, err
}

// session is a model that is ready. It is used by one goroutine at a time.
type session struct {
	run     *ort.DynamicAdvancedSession
	outputs int
	last    []ort.Value // answers that are lent until the next call
}

// Run implements [network.Runner].
func (s *session) Run(in network.Tensor) ([]network.Tensor, error) {
	if err := s.free(); err != nil {
		return nil, err
	}
	t, err := ort.NewTensor(ort.NewShape(in.Shape...), in.Data)
	if err != nil {
		return nil, err
	}
	defer t.Destroy()
	s.last = make([]ort.Value, s.outputs)
	if err := s.run.Run([]ort.Value{t}, s.last); err != nil {
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
