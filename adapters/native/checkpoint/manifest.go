package checkpoint

import "encoding/json"

// Manifest is what a completed checkpoint consists of.
type Manifest struct {
	ID    uint64
	Slots int    // of the whole job
	Parts []Part // one a slot
	// Note is for whoever completes the checkpoint; nil for nothing.
	Note json.RawMessage `json:",omitempty"`
}

// Part is the share of one slot. It travels from the slot's process to the coordinator as JSON.
type Part struct {
	Slot int
	// Mark is where the slot's source was, as the source wrote it; nil of one that cannot be
	// replayed.
	Mark []byte
	// Files is the chain, oldest first: a full file and what changed since, file by file.
	Files []Piece
}

// Piece is a file of a chain.
type Piece struct {
	Name  string
	Bytes int64
}

// Torn is a checkpoint that was completed and cannot be read again.
type Torn struct {
	ID  uint64
	Why error
}
