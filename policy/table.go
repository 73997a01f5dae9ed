package policy

import "github.com/consentry/consentry/report"

// The profiles.
const (
	Newsroom = "newsroom" // what is declared, how strongly?
	Studio   = "studio"   // was our talent used, under which grant?
	CI       = "ci"       // may this ship?
)

// The time bases.
const (
	TimeGeneration = "generation"
	TimeNow        = "now"
	TimeBoth       = "both" // the state with the worse outcome; the level at generation
)

// Events, by the names that they have in a policy file. The states of a person are events too, with _ for -.
const (
	StoreMalformed    = "store_malformed"
	ManifestInvalid   = "manifest_invalid"
	MediaUnbound      = "media_unbound"
	PartlyBound       = "partly_bound"
	HistoryInvalid    = "history_invalid"
	SignerUntrusted   = "signer_untrusted"
	NoProvenance      = "no_provenance"
	OriginUnknown     = "origin_unknown"
	NoAssertion       = "no_assertion"
	AssertionUnusable = "assertion_unusable"
	ListRejected      = "list_rejected"
	Contradicted      = "contradicted"
	Incomplete        = "incomplete"
	NotAnalysed       = "not_analysed"
	NotComplete       = "not_complete"
	UndeclaredFace    = "undeclared_face"
	PossibleFace      = "possible_face"
	UndeclaredVoice   = "undeclared_voice"
	DifferentFaces    = "different_faces"

	// notSupported is no event of a policy file: what cannot be checked yet is INDETERMINATE, whatever a policy says.
	notSupported = "not_supported"
	// captured is the reason of NOT_APPLICABLE.
	captured = "captured"
)

const (
	fail          = report.Fail
	indeterminate = report.Indeterminate
	warn          = report.Warn
	pass          = report.Pass
)

// table is the table of events: the outcomes in newsroom, studio and ci. Consent format 1, 8; docs/decisions/partly-bound.md and
// invalid-history.md.
var table = map[string][3]report.Verdict{
	ManifestInvalid:   {fail, fail, fail},
	MediaUnbound:      {indeterminate, indeterminate, fail},
	PartlyBound:       {warn, indeterminate, fail},
	HistoryInvalid:    {warn, warn, fail},
	SignerUntrusted:   {indeterminate, indeterminate, fail},
	NoProvenance:      {indeterminate, indeterminate, fail},
	OriginUnknown:     {indeterminate, indeterminate, warn},
	NoAssertion:       {warn, warn, fail},
	StoreMalformed:    {indeterminate, indeterminate, fail},
	AssertionUnusable: {indeterminate, indeterminate, fail},
	ListRejected:      {indeterminate, indeterminate, fail},
	Contradicted:      {warn, fail, fail},
	Incomplete:        {warn, fail, fail},
	NotAnalysed:       {indeterminate, indeterminate, fail},
	NotComplete:       {warn, warn, warn},
	UndeclaredFace:    {warn, indeterminate, fail},
	PossibleFace:      {warn, indeterminate, fail},
	// What sounds like speech may be none, and a file without a voice in its declaration was no less for it before: a
	// policy can ask for more.
	UndeclaredVoice: {warn, warn, warn},
	// So may faces that seem to be of two people: a network that was trained on other faces said it.
	DifferentFaces: {warn, warn, warn},

	"refused":         {fail, fail, fail},
	"invalid":         {fail, fail, fail},
	"revoked":         {fail, fail, fail},
	"expired":         {warn, fail, fail},
	"out_of_scope":    {warn, fail, fail},
	"unresolved":      {indeterminate, indeterminate, fail},
	"declared":        {warn, warn, fail},
	"exempt_declared": {warn, warn, fail},
	"undeclared":      {warn, indeterminate, fail},
	"not_required":    {pass, pass, pass},
	"verified":        {pass, pass, pass},
}

// profiles are the members of a policy beside the table. Consent format 1, 8.
var profiles = map[string]struct {
	column                     int
	timeBase, minLevel, status string
}{
	Newsroom: {0, TimeGeneration, "E3", "cap"},
	Studio:   {1, TimeBoth, "E4", "require"},
	CI:       {2, TimeNow, "E3", "require"},
}
