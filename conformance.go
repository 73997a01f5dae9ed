package consentry

import (
	"encoding/json"
	"fmt"

	"github.com/consentry/consentry/consent"
	"github.com/consentry/consentry/policy"
	"github.com/consentry/consentry/report"
)

// FactsCase is a case of the conformance command: facts about a file that need not exist, and what they are held
// against. It has no place for an expectation.
type FactsCase struct {
	ID          string          `json:"id"`
	Facts       consent.Facts   `json:"facts"`
	TrustList   json.RawMessage `json:"trustList"` // the list in JSON, or {jws, steward}
	Registries  []string        `json:"registries"`
	StatusLists []string        `json:"statusLists"`
	Policy      json.RawMessage `json:"policy"`
}

// FactsAnswer is the answer to a case: a judgement, or why the case cannot be judged.
type FactsAnswer struct {
	ID       string           `json:"id"`
	Error    string           `json:"-"` // not empty: nothing else but ID is set
	Verdict  report.Verdict   `json:"verdict"`
	Origin   *report.Origin   `json:"origin"`
	People   []report.Person  `json:"people"`
	Works    []report.Person  `json:"works"`
	Findings []report.Finding `json:"findings"`
	Reasons  []report.Reason  `json:"reasons"`
}

// MarshalJSON leaves everything but the id out of an answer that is an error.
func (a FactsAnswer) MarshalJSON() ([]byte, error) {
	if a.Error != "" {
		return json.Marshal(struct {
			ID    string `json:"id"`
			Error string `json:"error"`
		}{a.ID, a.Error})
	}
	type plain FactsAnswer
	return json.Marshal(plain(a))
}

// Answer judges a case. A policy that is refused, or a case that does not read, gives an answer with an error.
func (c *FactsCase) Answer() FactsAnswer {
	p, err := policy.Load("", c.Policy)
	if err != nil {
		return FactsAnswer{ID: c.ID, Error: err.Error()}
	}
	trust, err := c.trust()
	if err != nil {
		return FactsAnswer{ID: c.ID, Error: err.Error()}
	}
	j := JudgeFacts(&c.Facts, trust, p)
	return FactsAnswer{
		ID: c.ID, Verdict: j.Verdict, Origin: &j.Origin, People: j.Judgement.People, Works: j.Judgement.Works,
		Findings: j.Judgement.Findings, Reasons: j.Reasons,
	}
}

// trust loads the case's trust list and what lies beside it.
func (c *FactsCase) trust() (*consent.Trust, error) {
	in := consent.TrustInput{Text: c.TrustList, Last: c.Facts.LastTrustSequence, Now: c.Facts.Now}
	var signed struct {
		JWS     *string         `json:"jws"`
		Steward json.RawMessage `json:"steward"`
	}
	if json.Unmarshal(c.TrustList, &signed) == nil && signed.JWS != nil {
		key, err := consent.ParseKey(signed.Steward)
		if err != nil {
			return nil, fmt.Errorf("trustList.steward: %w", err)
		}
		in.Text, in.Steward = []byte(*signed.JWS), key
	}
	t := &consent.Trust{StatusLists: c.StatusLists, Registries: c.Registries}
	if len(c.TrustList) > 0 && string(c.TrustList) != "null" {
		t.List, t.Findings = consent.LoadTrust(in)
	}
	return t, nil
}
