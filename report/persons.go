package report

// Persons says what a look for faces found: faces only, and never whose.
type Persons struct {
	Status         string      `json:"status"` // analysed, partial, not-analysed, off
	Reason         *string     `json:"reason"`
	Models         []FaceModel `json:"models,omitempty"` // what looked: the network, then the library that runs it
	FramesTotal    int         `json:"framesTotal"`
	FramesAnalysed int         `json:"framesAnalysed"`
	FramesLarge    int         `json:"framesLarge"` // of these, looked at more closely than in the small picture
	FramesFailed   int         `json:"framesFailed"`
	// MinFacePx is the width from which faces are found, MinBriefFacePx that of faces which show for less than a quarter
	// of a second; in pixels of the picture as displayed. 0: nothing was looked at.
	MinFacePx      int           `json:"minFacePx"`
	MinBriefFacePx int           `json:"minBriefFacePx"`
	Shots          int           `json:"shots"`
	Dropped        int           `json:"dropped"` // detections that were too weak or too few to be a track
	Tracks         []PersonTrack `json:"tracks"`
	NotSeen        []string      `json:"notSeen"`    // entries declared with a face that no track shows
	Undeclared     []int         `json:"undeclared"` // confirmed tracks that no entry covers
	// Counted are the entries declared without a region: faces were counted for them, not placed. Which of several tracks
	// at a time is whose, and which is nobody's, is then not known; the numbers are those of any of them.
	Counted []string `json:"counted,omitempty"`
	// VideoTracks are further video tracks, which players do not show unless they are told. All members above but status
	// and reason are of the one that they show.
	VideoTracks []VideoTrackPersons `json:"videoTracks,omitempty"`
	// Links is how alike the faces are, where that was asked for; absent: it was not.
	Links  *Links `json:"links,omitempty"`
	Voices Voices `json:"voices"`
}

// VideoTrackPersons is what was seen in a further video track.
type VideoTrackPersons struct {
	Track          int64         `json:"track"` // the container's number
	Status         string        `json:"status"`
	Reason         *string       `json:"reason"`
	FramesTotal    int           `json:"framesTotal"`
	FramesAnalysed int           `json:"framesAnalysed"`
	FramesFailed   int           `json:"framesFailed"`
	Tracks         []PersonTrack `json:"tracks"`     // numbered on from those above
	Undeclared     []int         `json:"undeclared"` // confirmed tracks that no entry covers
}

// AllUndeclared are the confirmed tracks of any video track that no entry covers.
func (p *Persons) AllUndeclared() []int {
	out := append([]int(nil), p.Undeclared...)
	for _, t := range p.VideoTracks {
		out = append(out, t.Undeclared...)
	}
	return out
}

// Voices says what listening to the sound found: whether it sounds like speech, and never whose it is.
type Voices struct {
	Status     string       `json:"status"` // analysed, partial, not-analysed, off
	Reason     *string      `json:"reason"`
	Tracks     []VoiceTrack `json:"tracks"`
	Undeclared []int64      `json:"undeclared"` // sound tracks with speech that no declared voice stands for
}

// VoiceTrack is one sound track.
type VoiceTrack struct {
	ID         int64       `json:"id"`     // the container's own number
	Result     string      `json:"result"` // speech, no-speech-found, not-analysed
	Reason     *string     `json:"reason"` // why it was not listened to, or not to all of it
	HeardMs    int64       `json:"heardMs"`
	SpeechMs   int64       `json:"speechMs"`
	Spans      []VoiceSpan `json:"spans"`      // what sounds like speech, to half a second
	DeclaredBy []string    `json:"declaredBy"` // entries declared with a voice in this track
}

// VoiceSpan is a part of a sound track, in presentation time.
type VoiceSpan struct {
	StartMs int64 `json:"startMs"`
	EndMs   int64 `json:"endMs"`
}

// FaceModel is a file that the detector runs.
type FaceModel struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"` // in lower-case hex
}

// PersonTrack is a face followed through time, inside one shot. Its number is of this run only.
type PersonTrack struct {
	ID       int     `json:"id"`
	Class    string  `json:"class"` // confirmed, possible
	StartMs  int64   `json:"startMs"`
	EndMs    int64   `json:"endMs"`
	Person   *string `json:"person"`   // the entry that covers it; null: none does
	Coverage float64 `json:"coverage"` // share of its time inside the regions of that entry, or of the nearest one
	Score    float64 `json:"score"`    // the best, on the network's own scale
	Sights   int     `json:"sights"`   // frames in which it was found; between them it was followed
	// PossiblyPicture says that nothing in the face moves and that it stays with what is around it: a poster, a screen, a
	// photograph, or somebody who sits very still. It is a hint: whoever is in a picture is depicted.
	PossiblyPicture bool      `json:"possiblyPicture,omitempty"`
	Best            FaceBox   `json:"best"`            // where it shows best
	Boxes           []FaceBox `json:"boxes,omitempty"` // all of its sights, where they were asked for
}

// FaceBox is the place of a face in a frame, in percent of the picture as displayed.
type FaceBox struct {
	AtMs   int64   `json:"atMs"`
	X      float64 `json:"x"` // left
	Y      float64 `json:"y"` // top
	Width  float64 `json:"width"`
	Height float64 `json:"height"`
}
