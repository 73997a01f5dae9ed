package main

import (
	"bufio"
	"encoding/json"

	"github.com/consentry/consentry"
)

// conformanceFacts judges every case of a file and prints one answer a line. A case that cannot be read, and a policy
// that is refused, get an answer with an error; the others are answered all the same.
func (p *program) conformanceFacts(args []string) error {
	var cases []json.RawMessage
	if err := readCases(args, &cases); err != nil {
		return err
	}
	out := bufio.NewWriter(p.stdout)
	lines := json.NewEncoder(out)
	for _, raw := range cases {
		if err := lines.Encode(answerFacts(raw)); err != nil {
			return err
		}
	}
	return out.Flush()
}

func answerFacts(raw json.RawMessage) consentry.FactsAnswer {
	var c consentry.FactsCase
	if err := json.Unmarshal(raw, &c); err != nil {
		var only struct {
			ID string `json:"id"`
		}
		_ = json.Unmarshal(raw, &only) // without an id the answer has none
		return consentry.FactsAnswer{ID: only.ID, Error: "the case cannot be read: " + err.Error()}
	}
	return c.Answer()
}
