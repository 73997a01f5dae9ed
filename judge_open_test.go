package consentry_test

import (
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/consentry/consentry"
	"github.com/consentry/consentry/consent"
)

// TestOpenedTrust: bundles that were opened once give the answer that they give when they are opened for each file, to
// several goroutines at a time, and are opened anew for another time.
func TestOpenedTrust(t *testing.T) {
	w := newWorld(t)
	w.bundle("agency", object{"roster": []object{stays("ada", time.Time{})}, "orders": []object{order("none")}, "next_update": judged.Add(time.Hour)})
	var c consentry.FactsCase
	if err := json.Unmarshal(w.document(), &c); err != nil {
		t.Fatal(err)
	}
	list, findings := consent.LoadTrust(consent.TrustInput{Text: c.TrustList, Now: judged})
	if list == nil {
		t.Fatal(findings)
	}
	plain := &consent.Trust{List: list, Registries: c.Registries}
	opened := plain.Open(judged)
	later := c.Facts
	later.Now = judged.Add(2 * time.Hour)
	for _, f := range []*consent.Facts{&c.Facts, &later} {
		want := fmt.Sprintf("%+v", consentry.JudgeFacts(f, plain, nil).Judgement.Findings)
		if f == &later && want == fmt.Sprintf("%+v", consentry.JudgeFacts(&c.Facts, plain, nil).Judgement.Findings) {
			t.Fatal("the bundle does not go out of date")
		}
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				got := consentry.JudgeFacts(f, opened, nil)
				if text := fmt.Sprintf("%+v", got.Judgement.Findings); text != want || got.Judgement.People[0].State != "refused" {
					t.Errorf("%s\n%s", text, want)
				}
			})
		}
		wg.Wait()
	}
	if got := consentry.JudgeFacts(&c.Facts, nil, nil); got.Judgement.People[0].State != "unresolved" {
		t.Errorf("nobody is trusted, and p1 is %s", got.Judgement.People[0].State)
	}
}
