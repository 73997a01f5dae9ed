package manifest

import (
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/signing"
)

// pending is what is known of a claim's signature before it is verified.
type pending struct {
	input  *signing.Input // nil: not looked for yet, or there is none
	why    string         // there is none
	sought bool
	once   sync.Once // verifies it
}

// seek finds a claim's signature and what it is to be held against, once. What it takes from the limits of the store is
// taken in the order of the calls, so it is called from one goroutine.
func (v *validator) seek(w *work) *pending {
	s := &w.pending
	if s.sought {
		return s
	}
	s.sought = true
	box, why := v.store.signatureBox(w.m, w.claim)
	if s.why = why; box == nil {
		return s
	}
	s.input = &signing.Input{
		COSE: box.Content("cbor").Payload(), Payload: w.claim.Payload, URL: w.m.URI(box.Label()), Now: v.opt.Now,
		Trust: v.opt.Trust, Stamps: v.stampsFor(w), Status: v.status, Cut: v.cut, Ask: v.asker(w), Nonce: v.opt.Nonce,
	}
	return s
}

// verify verifies a claim's signature, once; why says why there is none.
func (v *validator) verify(w *work) (why string) {
	s := v.seek(w)
	w.verify()
	return s.why
}

// verify verifies the signature that was found. Whoever comes second waits for the first.
func (w *work) verify() {
	s := &w.pending
	s.once.Do(func() {
		if s.input != nil {
			w.r.Signature = signing.Verify(*s.input)
		}
	})
}

// ahead verifies signatures on the cores that would be idle, from the end of the order, while the caller goes through it
// from the start: they are most of the work of a long history. What a signature is worth hangs on its own bytes and the
// options alone, so that who verified it does not show. Where responders may be asked they are asked in the order of the
// manifests, and nothing runs ahead. The caller calls done before it reads a signature that it did not verify.
func (v *validator) ahead() (done func()) {
	if v.opt.Ask != nil || v.opt.AskBelow != nil {
		return func() {}
	}
	var list []*work
	for _, w := range v.order {
		if w.m.fault == "" && w.claim != nil && len(w.claimFaults) == 0 && v.seek(w).input != nil {
			list = append(list, w)
		}
	}
	var next atomic.Int64
	next.Store(int64(len(list)))
	var wait sync.WaitGroup
	for range min(len(list), runtime.GOMAXPROCS(0)) - 1 {
		wait.Go(func() {
			for i := next.Add(-1); i >= 0; i = next.Add(-1) {
				list[i].verify()
			}
		})
	}
	return func() {
		next.Store(0)
		wait.Wait()
	}
}

// asker asks responders for a manifest: for the active one and the one whose binding counts apart from the others, so
// that what these ask for takes nothing from them.
func (v *validator) asker(w *work) func(string, []byte) ([]byte, error) {
	if w.r.Active || w.r == v.bound || v.opt.AskBelow == nil {
		return v.opt.Ask
	}
	return v.opt.AskBelow
}

// signature judges the claim's signature. C2PA 2.5, 14.7.
func (v *validator) signature(w *work) {
	why := v.verify(w)
	if w.r.Signature == nil {
		w.r.add(report.New("claimSignature.missing", w.claim.URI, why))
		return
	}
	for _, f := range w.r.Signature.Findings {
		w.r.add(f)
	}
	w.r.Notes = append(w.r.Notes, w.r.Signature.Notes...)
}
