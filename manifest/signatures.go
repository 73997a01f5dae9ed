package manifest

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/signing"
)

// pending is a claim's signature that is to be verified, once, by whoever comes first.
type pending struct {
	input  signing.Input
	stale  atomic.Bool            // nobody will ask for the result
	verify func() *signing.Result // verifies the signature; whoever comes second waits for the first
}

func newPending(in signing.Input) *pending {
	return &pending{input: in, verify: sync.OnceValue(func() *signing.Result { return signing.Verify(in) })}
}

// find looks for a claim's signature, once, and returns what can be verified before the rest of the store was read: all of
// it, but for what other manifests may hold as evidence for it. why says why there is none.
func (v *validator) find(w *work) (p *pending, why string) {
	if w.pending == nil && w.unsigned == "" {
		box, why := v.store.signatureBox(w.m, w.claim)
		if w.unsigned = why; box != nil {
			w.pending = newPending(signing.Input{
				COSE: box.Content("cbor").Payload(), Payload: w.claim.Payload, URL: w.m.URI(box.Label()), Now: v.opt.Now,
				Trust: v.opt.Trust,
			})
		}
	}
	return w.pending, w.unsigned
}

// seek finds a claim's signature with all that it is to be held against, once, after the store was read. What it takes
// from the limits of the store is taken in the order of the calls, so it is called from one goroutine.
func (v *validator) seek(w *work) (p *pending, why string) {
	p, why = v.find(w)
	if p == nil || w.sought {
		return p, why
	}
	w.sought = true
	full := p.input
	full.Stamps, full.Status, full.Cut = v.stampsFor(w), v.status, v.cut
	if v.asks() {
		full.Ask, full.Nonce = v.asker(w), v.opt.Nonce
	}
	if len(full.Stamps)+len(full.Status) > 0 || full.Cut || full.Ask != nil { // early it would be held against less
		p.stale.Store(true)
		p = newPending(full)
		w.pending = p
	}
	return p, why
}

// verify verifies a claim's signature, once; why says why there is none.
func (v *validator) verify(w *work) (why string) {
	p, why := v.seek(w)
	if p != nil {
		w.r.Signature = p.verify()
	}
	return why
}

// crew verifies signatures on the cores that would be idle, while the caller reads the store and judges it: they are most
// of the work of a long history. What a signature is worth hangs on its own bytes and the options alone, so that who
// verified it does not show.
type crew struct {
	queue chan *pending
	over  atomic.Bool
	wait  sync.WaitGroup
}

// gather starts a crew. It is nil, and does nothing, where there is nothing to share: with one manifest or one core, and
// where responders may be asked, which are asked in the order of the manifests.
func (v *validator) gather() *crew {
	hands := min(len(v.store.Manifests), runtime.GOMAXPROCS(0)) - 1
	if hands < 1 || v.asks() {
		return nil
	}
	c := &crew{queue: make(chan *pending, 2*len(v.store.Manifests))}
	for range hands {
		c.wait.Go(func() {
			for p := range c.queue {
				c.tryTake(p)
			}
		})
	}
	return c
}

// offer lets the crew verify a signature some time, and reports whether it will: what it has no room for is left to the
// caller.
func (c *crew) offer(p *pending) bool {
	if c == nil || p == nil {
		return false
	}
	select {
	case c.queue <- p:
		return true
	default:
		return false
	}
}

// offerAll offers what was not offered while the store was read, or was held against less then.
func (v *validator) offerAll() {
	for _, w := range v.order {
		if w.rejected() {
			continue
		}
		early := w.pending
		if p, _ := v.seek(w); p != early || !w.offered {
			v.crew.offer(p)
		}
	}
}

// help takes a hand until nothing is left that nobody is at.
func (c *crew) help(ctx context.Context) {
	if c == nil {
		return
	}
	for ctx.Err() == nil {
		select {
		case p := <-c.queue:
			c.take(p)
		default:
			return
		}
	}
}

// take verifies a signature that still counts.
func (c *crew) take(p *pending) {
	if !c.over.Load() && !p.stale.Load() {
		p.verify()
	}
}

// tryTake is take where nobody could catch a panic, which is our own bug: whoever asks for the result meets it again.
func (c *crew) tryTake(p *pending) {
	defer func() { _ = recover() }()
	c.take(p)
}

// dismiss ends the crew's work and waits for what it is at. Nothing may be offered afterwards.
func (c *crew) dismiss() {
	if c == nil {
		return
	}
	c.over.Store(true)
	close(c.queue)
	c.wait.Wait()
}

// asks reports whether responders may be asked.
func (v *validator) asks() bool { return v.opt.Ask != nil || v.opt.AskBelow != nil }

// asker asks responders for a manifest: for the active one and the one whose binding counts apart from the others, so
// that what these ask for takes nothing from them.
func (v *validator) asker(w *work) func(string, []byte) ([]byte, error) {
	if w.r.Active || w.r == v.bound || v.opt.AskBelow == nil {
		return v.opt.Ask
	}
	return v.opt.AskBelow
}

// signature judges the claim's signature and adds what it finds to r. C2PA 2.5, 14.7.
func (v *validator) signature(w *work, r *ManifestResult) {
	why := v.verify(w)
	if w.r.Signature == nil {
		r.add(report.New("claimSignature.missing", w.claim.URI, why))
		return
	}
	for _, f := range w.r.Signature.Findings {
		r.add(f)
	}
	r.Notes = append(r.Notes, w.r.Signature.Notes...)
}
