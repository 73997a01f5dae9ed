package consent

import (
	"encoding/json"
	"fmt"
	"time"
)

// JoseCase is a token text with all that it is judged by: what `conformance jose` reads.
type JoseCase struct {
	ID          string          `json:"id"`
	Token       string          `json:"token"`
	Now         time.Time       `json:"now"`
	T           Time            `json:"T"`
	ClaimSigner *Signer         `json:"claimSigner"`
	Person      JosePerson      `json:"person"`
	Generation  *Generation     `json:"generation"`
	TrustList   json.RawMessage `json:"trustList"`
}

// JosePerson is the entry that the token stands for: those members of a person that a token is held against.
type JosePerson struct {
	Kind      string   `json:"kind"`
	Rendering string   `json:"rendering"`
	Modality  []string `json:"modality"`
	Subject   *Subject `json:"subject"`
	Minor     bool     `json:"minor"`
}

// JoseAnswer is the answer to a case: "valid", or the first failure's code.
type JoseAnswer struct {
	ID     string `json:"id"`
	Result string `json:"result"`
}

// JudgeJose judges one case at the time of generation, in the order: limits and form, alg, typ, iss, kid, key type,
// signature, then the rows of the tables of section 3. A status that cannot be looked up counts nothing here.
// The error says that the case, not the token, cannot be read.
func JudgeJose(in JoseCase) (JoseAnswer, error) {
	list, findings := LoadTrust(TrustInput{Text: in.TrustList, Now: in.Now})
	if list == nil && len(findings) > 0 {
		return JoseAnswer{}, fmt.Errorf("case %q: %s", in.ID, findings[0].Explanation)
	}
	c := &checker{now: in.Now, t: in.T, signer: in.ClaimSigner, generation: in.Generation, trust: list, statusPolicy: StatusIgnore}
	p := in.Person
	r := c.check(tokenInput{raw: in.Token, entry: &entry{
		id: "person", kind: p.Kind, rendering: p.Rendering, modality: p.Modality, subject: p.Subject, minor: p.Minor,
	}})
	answer := JoseAnswer{ID: in.ID, Result: "valid"}
	switch {
	case len(r.atGeneration.failures) > 0:
		answer.Result = r.atGeneration.failures[0]
	case r.atGeneration.refusal:
		answer.Result = "consent.token.refusal"
	}
	return answer, nil
}
