package report

import "time"

// Label is an unsigned declaration about the asset outside C2PA.
type Label struct {
	Kind    string `json:"kind"`    // tc260, xmp-digital-source-type, xmp-iptc-ai, comfyui, generation-parameters, tool-tag, encoder
	Carrier string `json:"carrier"` // where in the container, in words
	Offset  *int64 `json:"offset,omitempty"`
	Value   any    `json:"value"`
	Class   string `json:"class"` // how much it is worth, A–F
	Means   string `json:"means"` // what it says, in plain words
	// Says is what follows for the origin: generated, possible, captured, nothing.
	Says     string `json:"says"`
	Scope    string `json:"scope"`              // what it speaks of: asset, cover
	Producer string `json:"producer,omitempty"` // service that it names, where that is known
}

// Watermarks says what was found in the picture.
type Watermarks struct {
	State        string        `json:"state"` // analysed, partial, not-analysed, off
	Reason       *string       `json:"reason"`
	Found        []Watermark   `json:"found"`
	SoftBindings []SoftBinding `json:"softBindings"`
	// Networks are those that somebody supplied and that were asked. Their answers are among Found and the findings.
	Networks  []MarkNetwork `json:"networks,omitempty"`
	Detectors []Detector    `json:"detectors,omitempty"` // programs of others that the run was told to ask
	// Sound is what the networks that listen said of each sound track: hints, which decide nothing.
	Sound   []SoundMark   `json:"sound,omitempty"`
	Visible []VisibleMark `json:"visible,omitempty"` // what looks like a visible mark: hints, which decide nothing
}

// VisibleMark is something that looks like a visible mark of a generator, for as long as one stays. Nothing bounds how
// often other things look so.
type VisibleMark struct {
	Mark      string     `json:"mark"` // sora, veo, gemini, seedance, dreamina
	Vendor    string     `json:"vendor"`
	Class     string     `json:"class"` // F: a hint
	Box       VisibleBox `json:"box"`
	Frames    int        `json:"frames"` // in which it was seen
	SpansMs   [][2]int64 `json:"spansMs"`
	Statistic float64    `json:"statistic"`        // mean correlation with a drawing of ours, at most 1
	Threshold float64    `json:"threshold"`        // from which a frame counts
	Vetoed    string     `json:"vetoed,omitempty"` // why it does not even hint: what names another producer
}

// SoundMark is what a network said of a sound track. Nothing bounds how often it says so of sound without a mark.
type SoundMark struct {
	Kind      string     `json:"kind"`            // perth, audioseal
	Track     int64      `json:"track"`           // id of the sound track
	Class     string     `json:"class"`           // F: a hint
	Pieces    int        `json:"pieces"`          // that the network was shown
	PieceMs   int64      `json:"pieceMs"`         // length of one
	Silent    int        `json:"silent"`          // not shown, since there is nothing to hear
	Marked    int        `json:"marked"`          // taken for marked
	SpansMs   [][2]int64 `json:"spansMs"`         // where those are
	Value     string     `json:"value,omitempty"` // hex: the bits that the marked pieces together say, which any sound has
	Statistic float64    `json:"statistic"`       // highest score of a piece, 0 to 1
	Threshold float64    `json:"threshold"`       // from which one counts
	// Measured is what the network did on sound without a mark; absent: it was not measured with this file, or on too little.
	Measured *MeasuredRate `json:"measured,omitempty"`
}

// MeasuredRate is a count of false alarms.
type MeasuredRate struct {
	Clean  int     `json:"clean"`  // pieces without a mark
	Marked int     `json:"marked"` // of them, taken for marked
	Most   float64 `json:"most"`   // the rate that this shows at most, with 95 % confidence, for such sound
}

// VisibleBox is a place in a frame, in percent of the picture as displayed.
type VisibleBox struct {
	X      float64 `json:"x"` // left
	Y      float64 `json:"y"` // top
	Width  float64 `json:"width"`
	Height float64 `json:"height"`
}

// MarkNetwork is a network that read marks.
type MarkNetwork struct {
	Kind   string `json:"kind"`
	SHA256 string `json:"sha256"` // of its file
}

// Detector is a program of somebody else's that was asked for marks.
type Detector struct {
	Program     string              `json:"program"` // name of its file
	SHA256      string              `json:"sha256"`  // of that file, in lower-case hex
	Name        string              `json:"name,omitempty"`
	Version     string              `json:"version,omitempty"`
	Algs        []string            `json:"algs"`
	State       string              `json:"state"`  // analysed, partial, detector-error
	Reason      *string             `json:"reason"` // why not, or not all; null: all was
	Frames      int64               `json:"frames"` // that it was shown
	Findings    []DetectorFinding   `json:"findings"`
	Confinement DetectorConfinement `json:"confinement"`
}

// DetectorConfinement says what held a detector's process.
type DetectorConfinement struct {
	Network bool     `json:"network"` // without a network
	Files   bool     `json:"files"`   // without files but its own and the system's programs
	Missing []string `json:"missing"` // what the system did not grant, and why
}

// DetectorFinding is what such a program said; figures are its vendor's claims.
type DetectorFinding struct {
	Claim              string     `json:"claim"` // ai-declared, mark-present, fingerprint-match, hint
	Class              string     `json:"class"` // C: a mark that counts; F: a hint
	Algorithm          string     `json:"algorithm,omitempty"`
	Message            string     `json:"message,omitempty"` // hex
	Subject            string     `json:"subject,omitempty"`
	Text               string     `json:"text,omitempty"`
	Statistic          *float64   `json:"statistic"`
	Threshold          *float64   `json:"threshold"`
	FalsePositiveBound *float64   `json:"falsePositiveBound"`
	Tries              int        `json:"tries,omitempty"`
	SpansMs            [][2]int64 `json:"spansMs"`
}

// Watermark is a mark that was found.
type Watermark struct {
	Algorithm          string     `json:"algorithm"`
	Scheme             string     `json:"scheme,omitempty"`
	Bits               int        `json:"bits"`
	Message            string     `json:"message"` // hex
	Statistic          float64    `json:"statistic"`
	Threshold          float64    `json:"threshold"`
	FalsePositiveBound float64    `json:"falsePositiveBound"`
	Tries              int        `json:"tries"`
	SpansMs            [][2]int64 `json:"spansMs"`
}

// SoftBinding is a soft binding that a manifest declares or that was found.
type SoftBinding struct {
	Alg      string `json:"alg"`
	Result   string `json:"result"`
	Distance *int   `json:"distance,omitempty"` // bits of 256, of fingerprints
	Strength string `json:"strength,omitempty"` // of a comparison: match, weak, none
	Type     string `json:"type,omitempty"`     // watermark, fingerprint; empty: not known
	Manifest string `json:"manifest,omitempty"` // label of the manifest that declares it
	Span     *Span  `json:"span,omitempty"`     // the part of the time line that it speaks of; absent: all of it
	Text     string `json:"text,omitempty"`     // why, in words
}

// LookAlike is a manifest that a resolver knows for a value of this clip. Nothing binds it to the file, and it changes
// nothing that is said of it.
type LookAlike struct {
	Label             string     `json:"label"` // found by look-alike, not bound
	Resolver          string     `json:"resolver"`
	Alg               string     `json:"alg"` // of the value that it was found by
	ManifestID        string     `json:"manifestId"`
	Score             *float64   `json:"similarityScore"` // as the resolver says, 0 to 100; null: it says none
	SHA256            string     `json:"sha256"`          // of the store that was fetched
	Manifest          string     `json:"manifest,omitempty"`
	Generator         string     `json:"generator,omitempty"`
	Title             string     `json:"title,omitempty"`
	DigitalSourceType string     `json:"digitalSourceType,omitempty"` // the first that its actions name
	Signer            *string    `json:"signer"`
	Signature         string     `json:"signature"`  // trusted, untrusted (it verifies), invalid, unreadable
	At                *time.Time `json:"at"`         // of a trusted time-stamp; null: there is none
	Hash              string     `json:"hash"`       // of its content hash with this file: match, mismatch (as expected), not-checked
	Consistent        bool       `json:"consistent"` // it declares the value that it was found by
	Distance          *int       `json:"distance"`   // of its fingerprint from this clip's, in bits of 256; null: not compared
	Text              string     `json:"text,omitempty"`
}

// Fingerprint is what the clip looks like in few bits.
type Fingerprint struct {
	Kind           string `json:"kind"`  // iscc-video
	Value          string `json:"value"` // ISCC of 256 bits
	DistinctFrames int    `json:"distinctFrames"`
	SampledFrames  int    `json:"sampledFrames"`  // five a second
	LowInformation bool   `json:"lowInformation"` // hardly anything differs: such codes are alike whatever they show
}
