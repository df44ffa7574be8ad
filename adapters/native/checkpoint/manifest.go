package checkpoint

import (
	"encoding/json"
	"fmt"
	"hash/crc32"
	"strings"
)

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
	// Files is the chain, oldest first: a full file and what changed since, file by file. It is empty
	// where nothing is kept but the mark.
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

const (
	manifestFormat = "manifest-%020d.json"
	pieceFormat    = "slot-%03d-%020d.part"
)

func manifestName(id uint64) string { return fmt.Sprintf(manifestFormat, id) }

func pieceName(slot int, id uint64) string { return fmt.Sprintf(pieceFormat, slot, id) }

// manifestID is the checkpoint a file name is the manifest of.
func manifestID(name string) (id uint64, ok bool) {
	n, err := fmt.Sscanf(name, manifestFormat, &id)
	return id, err == nil && n == 1 && name == manifestName(id)
}

// pieceID is the checkpoint that a file, or what there is of one, was written for.
func pieceID(name string) (id uint64, ok bool) {
	name = strings.TrimSuffix(name, temporary)
	var slot int
	n, err := fmt.Sscanf(name, pieceFormat, &slot, &id)
	return id, err == nil && n == 2 && name == pieceName(slot, id)
}

// encode writes the manifest with a checksum before it.
func (m Manifest) encode() ([]byte, error) {
	text, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, "%08x\n%s\n", crc32.Checksum(text, castagnoli), text), nil
}

// decodeManifest reads a manifest and checks that it can be one.
func decodeManifest(raw []byte) (m Manifest, err error) {
	line, rest, ok := strings.Cut(string(raw), "\n")
	text, whole := strings.CutSuffix(rest, "\n")
	if !ok || !whole {
		return m, errCut
	}
	if line != fmt.Sprintf("%08x", crc32.Checksum([]byte(text), castagnoli)) {
		return m, fmt.Errorf("%w: it does not have the checksum it tells", errDamaged)
	}
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		return m, fmt.Errorf("%w: %w", errDamaged, err)
	}
	return m, m.check()
}

// check says why no checkpoint can be made of this; nil if one can.
func (m Manifest) check() error {
	if m.ID == 0 || m.Slots < 1 || len(m.Parts) != m.Slots {
		return fmt.Errorf("checkpoint %d has parts of %d slots of %d", m.ID, len(m.Parts), m.Slots)
	}
	seen := map[int]bool{}
	for _, p := range m.Parts {
		if p.Slot < 0 || p.Slot >= m.Slots || seen[p.Slot] {
			return fmt.Errorf("checkpoint %d has slot %d twice, or has no such slot", m.ID, p.Slot)
		}
		seen[p.Slot] = true
		for _, f := range p.Files {
			if _, ok := pieceID(f.Name); !ok || strings.HasSuffix(f.Name, temporary) {
				return fmt.Errorf("checkpoint %d has a file %q, which is not one of a slot", m.ID, f.Name)
			}
		}
	}
	return nil
}
