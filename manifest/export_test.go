package manifest

import (
	"sync"

	"github.com/consentry/consentry/signing"
)

// AfterCrew lets a crew take a signature whose verification is f, and gives what whoever asks for the result calls.
func AfterCrew(f func() *signing.Result) func() *signing.Result {
	p := &pending{verify: sync.OnceValue(f)}
	c := &crew{queue: make(chan *pending, 1)}
	c.wait.Go(func() { c.tryTake(<-c.queue) })
	c.offer(p)
	c.wait.Wait()
	return p.verify
}
