package render

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/consentry/consentry/report"
)

// Names hides the names of people and of creators that a file gives, and replaces each by a word that stands for it
// alone: what is equal stays equal within one report, and nobody can tell across reports who it was. The zero value is
// ready for one report. It is not safe for concurrent use.
//
// What a file says in words of its own (titles, descriptions, labels' values, whatever a text of ours puts in quotes) is
// hidden as a whole: nobody can know which of them are names. States, codes, digests, times, places in the file and the
// names of lists and of the operator's own files stay.
type Names struct {
	words  map[string]string // by what is hidden
	count  map[string]int    // of the words of a kind
	phrase []string          // names of several words, which no look-up of one finds
}

// maxPhrases bounds the names of several words that are looked for in texts of ours, which put a name in quotes: this is
// for the one that does not.
const maxPhrases = 64

// of is the word that stands for a name of a kind.
func (n *Names) of(kind, name string) string {
	if name == "" {
		return ""
	}
	if w, ok := n.words[name]; ok {
		return w
	}
	if n.words == nil {
		n.words, n.count = map[string]string{}, map[string]int{}
	}
	n.count[kind]++
	n.words[name] = fmt.Sprintf("%s-%d", kind, n.count[kind])
	if strings.ContainsAny(name, " \t") && kind != "text" && len(n.phrase) < maxPhrases {
		n.phrase = append(n.phrase, name)
	}
	return n.words[name]
}

// Report returns a copy of a report without the names.
func (n *Names) Report(r *report.Report) (*report.Report, error) {
	for _, p := range r.People { // in the order in which they are read
		n.person("person", p)
	}
	for _, p := range r.Works {
		n.person("work", p)
	}
	n.optional("signer", r.Provenance.Signer.Subject)
	tree, err := toTree(r)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(n.walk(hiding().report, "", tree))
	if err != nil {
		return nil, fmt.Errorf("report without names: %w", err)
	}
	out := &report.Report{}
	if err := json.Unmarshal(text, out); err != nil {
		return nil, fmt.Errorf("report without names: %w", err)
	}
	// The list that vouches for a signer says who it is, and the authority of a listed time-stamp is nobody's name; a
	// certificate that no list knows says what it likes.
	if s := &out.Provenance.Signer; s.State != "trusted" {
		s.Issuer = n.optional("authority", r.Provenance.Signer.Issuer)
	}
	if at := &out.Provenance.Time; at.List == nil {
		at.Authority = n.optional("authority", r.Provenance.Time.Authority)
	}
	return out, nil
}

// person takes the names of a person or a work: the id, which the declarer chose, and who signed tokens for them.
func (n *Names) person(kind string, p report.Person) {
	id, _, _ := strings.Cut(p.ID, "@")
	n.of(kind, id)
	for _, t := range p.Tokens {
		n.of("issuer", t.Iss)
		n.of("token", t.Jti)
	}
}

func (n *Names) optional(kind string, s *string) *string {
	if s == nil {
		return nil
	}
	w := n.of(kind, *s)
	return &w
}

// CrJSON returns a crJSON document without the names, to be written as JSON.
func (n *Names) CrJSON(doc *CrJSON) (any, error) {
	tree, err := toTree(doc)
	if err != nil {
		return nil, err
	}
	return n.walk(hiding().cr, "", tree), nil
}

// Inspection returns a copy of an inspection without the names.
func (n *Names) Inspection(in *Inspection) (*Inspection, error) {
	return bare(n, hiding().inspect, in)
}

// Persons takes the names of declared people out of what a look at a picture found, and of what was not looked at.
func (n *Names) Persons(p *report.Persons, left []report.NotChecked) (*report.Persons, []report.NotChecked, error) {
	for _, t := range p.Tracks { // in the order in which they are read
		n.optional("person", t.Person)
	}
	for _, v := range p.VideoTracks {
		for _, t := range v.Tracks {
			n.optional("person", t.Person)
		}
	}
	found, err := bare(n, hiding().report, p)
	if err != nil {
		return nil, nil, err
	}
	rest, err := bare(n, hiding().report, &left)
	if err != nil {
		return nil, nil, err
	}
	return found, *rest, nil
}

// Found takes the names that manifests gave out of an answer of find, and writes the rest into another of its type.
// People are those of the answer, each with its state, in the order in which they are read.
func (n *Names) Found(answer, into any, people []string) error {
	for _, p := range people {
		n.text(standing, p)
	}
	tree, err := toTree(answer)
	if err != nil {
		return err
	}
	return n.into(hiding().find, tree, into)
}

// Token returns what a token says without the names, to be written as JSON.
func (n *Names) Token(shown any) (any, error) {
	tree, err := toTree(shown)
	if err != nil {
		return nil, err
	}
	return n.walk(hiding().token, "", tree), nil
}

// Parties takes down who signed a token and whom it is for, so that each is called one wherever a sentence speaks of
// them; it returns the words.
func (n *Names) Parties(issuer, subject string) (string, string) {
	return n.of("issuer", issuer), n.of("person", subject)
}

// Person is the word that stands for a person, as the report has it.
func (n *Names) Person(id string) string { return n.text(aPerson, id) }

// Sentence hides in a text of ours the names that it quotes, and those that are known.
func (n *Names) Sentence(s string) string { return n.sentence(s) }

// bare returns a copy of a document without the names.
func bare[T any](n *Names, in *rules, doc *T) (*T, error) {
	tree, err := toTree(doc)
	if err != nil {
		return nil, err
	}
	out := new(T)
	return out, n.into(in, tree, out)
}

func (n *Names) into(in *rules, tree, out any) error {
	text, err := json.Marshal(n.walk(in, "", tree))
	if err != nil {
		return fmt.Errorf("document without names: %w", err)
	}
	if err := json.Unmarshal(text, out); err != nil {
		return fmt.Errorf("document without names: %w", err)
	}
	return nil
}

// toTree is a document as JSON's own values.
func toTree(doc any) (any, error) {
	text, err := json.Marshal(doc)
	if err != nil {
		return nil, fmt.Errorf("document without names: %w", err)
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var tree any
	if err := dec.Decode(&tree); err != nil {
		return nil, fmt.Errorf("document without names: %w", err)
	}
	return tree, nil
}
