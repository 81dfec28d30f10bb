//! Reading a container of exhibits strictly: one form, or a named error.

use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};

use zeroize::Zeroizing;

use crate::{
    digest::{Digest, HashingWriter},
    sealed::{
        Cover, ExhibitAbout,
        container::{self, BLOCK, Entry, MAX_ABOUT},
        open::{
            AccountKey, ContainerError, OpenError, Part,
            decrypt::{decrypting, while_reading},
            header::{PIECE_BYTES, in_order, parse_header},
        },
    },
};

pub(super) fn open<'a, R: Read + Seek + 'a>(
    cover: &Cover,
    key: &AccountKey,
    mut sealed: R,
) -> Result<ExhibitsReader<'a>, OpenError> {
    sealed.rewind()?;
    let mut hashing = HashingWriter::new(io::sink());
    let mut buffer = Zeroizing::new(vec![0; BUFFER]);
    loop {
        let found = read_some(&mut sealed, &mut buffer)?;
        if found.is_empty() {
            break;
        }
        hashing.write_all(found)?;
    }
    if hashing.finish().1 != cover.exhibits {
        return Err(OpenError::NotUnderThisCover(Part::Exhibits));
    }
    sealed.seek(SeekFrom::Start(0))?;
    let stream = decrypting(&key.0, BufReader::with_capacity(BUFFER, sealed))?;
    Ok(ExhibitsReader { stream: Box::new(stream), buffer, read: 0, last: 0, state: State::Between })
}

/// Gives out exhibits one after the other, each checked against its own description.
pub struct ExhibitsReader<'a> {
    stream: Box<dyn Read + 'a>,
    buffer: Zeroizing<Vec<u8>>,
    /// Bytes of the container read so far.
    read: u64,
    /// Number of the exhibit before.
    last: u16,
    state: State,
}

enum State {
    Between,
    Ended,
    Failed,
}

impl ExhibitsReader<'_> {
    /// Streams the next exhibit into what `sink` gives for its number, and flushes it.
    ///
    /// `None` comes only after the whole container was read to its authenticated end. What went
    /// into the sink is good only if this returns `Ok`.
    ///
    /// # Errors
    /// [`OpenError::Exhibits`] says how the container differs from its one form; after an error
    /// every further call is [`ContainerError::Abandoned`]. [`OpenError::Io`] if the sink fails.
    pub fn next_into<W: Write>(
        &mut self,
        sink: impl FnOnce(u16) -> io::Result<W>,
    ) -> Result<Option<(u16, ExhibitAbout)>, OpenError> {
        match self.state {
            State::Between => self.state = State::Failed,
            State::Ended => return Ok(None),
            State::Failed => return Err(ContainerError::Abandoned.into()),
        }
        let number = self.last.saturating_add(1);
        let Some((first, size)) = self.header()? else {
            self.check_end()?;
            self.state = State::Ended;
            return Ok(None);
        };
        in_order(first, Entry::Piece(number, 1))?;
        let (found, bytes, about_size) = self.pieces(number, size, sink)?;
        let about = self.about(about_size)?;
        if about.bytes != bytes {
            return Err(ContainerError::WrongLength.into());
        }
        if about.sha256 != found {
            return Err(ContainerError::WrongHash.into());
        }
        self.last = number;
        self.state = State::Between;
        Ok(Some((number, about)))
    }

    /// All pieces of exhibit `number`; gives their hash and length, and the size of its about.
    fn pieces<W: Write>(
        &mut self,
        number: u16,
        mut size: u64,
        sink: impl FnOnce(u16) -> io::Result<W>,
    ) -> Result<(Digest, u64, u64), OpenError> {
        let mut out = HashingWriter::new(sink(number)?);
        let mut piece = 1_u32;
        loop {
            if size > PIECE_BYTES || (size == 0 && piece > 1) {
                return Err(ContainerError::BadSize.into());
            }
            self.copy(size, &mut out)?;
            let (next, next_size) = self.header()?.ok_or(ContainerError::Truncated)?;
            if next == Entry::About(number) {
                let (mut sink, digest, bytes) = out.finish();
                sink.flush()?;
                return Ok((digest, bytes, next_size));
            }
            piece = piece.saturating_add(1);
            in_order(next, Entry::Piece(number, piece))?;
            if size != PIECE_BYTES {
                return Err(ContainerError::BadSize.into());
            }
            size = next_size;
        }
    }

    fn about(&mut self, size: u64) -> Result<ExhibitAbout, OpenError> {
        if size > MAX_ABOUT {
            return Err(ContainerError::BadSize.into());
        }
        let mut json = Zeroizing::new(Vec::new());
        self.copy(size, &mut *json)?;
        Ok(serde_json::from_slice(&json).map_err(|_| ContainerError::BadAbout)?)
    }

    /// The next header, or `None` at a block of zeros.
    fn header(&mut self) -> Result<Option<(Entry, u64)>, OpenError> {
        let mut block = Vec::with_capacity(512);
        self.take(BLOCK, |bytes| {
            block.extend_from_slice(bytes);
            Ok(())
        })?;
        if is_zero(&block) {
            return Ok(None);
        }
        Ok(Some(parse_header(&block)?))
    }

    /// `size` bytes of an entry into `out`, and over the zeros that fill its last block.
    fn copy(&mut self, size: u64, out: &mut impl Write) -> Result<(), OpenError> {
        self.take(size, |bytes| Ok(out.write_all(bytes)?))?;
        self.take(container::fill(size), |bytes| {
            is_zero(bytes).then_some(()).ok_or(ContainerError::FillNotZero.into())
        })
    }

    /// Exactly `count` bytes of the container, piece by piece.
    fn take(
        &mut self,
        mut count: u64,
        mut each: impl FnMut(&[u8]) -> Result<(), OpenError>,
    ) -> Result<(), OpenError> {
        while count > 0 {
            let most = usize::try_from(count).unwrap_or(usize::MAX).min(self.buffer.len());
            let room = self.buffer.get_mut(..most).ok_or(ContainerError::Truncated)?;
            let bytes = read_some(&mut self.stream, room).map_err(while_reading)?;
            if bytes.is_empty() {
                return Err(ContainerError::Truncated.into());
            }
            each(bytes)?;
            let found = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            count = count.saturating_sub(found);
            self.read = self.read.saturating_add(found);
        }
        Ok(())
    }

    /// After a block of zeros: only zeros, up to the size that the container should have.
    fn check_end(&mut self) -> Result<(), OpenError> {
        let expected = container::padded(self.read.saturating_sub(BLOCK));
        loop {
            let bytes = read_some(&mut self.stream, &mut self.buffer).map_err(while_reading)?;
            if bytes.is_empty() {
                break;
            }
            if !is_zero(bytes) {
                return Err(ContainerError::TailNotZero.into());
            }
            self.read = self.read.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        }
        if self.read != expected {
            return Err(ContainerError::WrongPadding.into());
        }
        Ok(())
    }
}

fn read_some<'b>(from: &mut impl Read, buffer: &'b mut [u8]) -> io::Result<&'b [u8]> {
    let found = loop {
        match from.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            found => break found?,
        }
    };
    Ok(buffer.get(..found).unwrap_or_default())
}

fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|&byte| byte == 0)
}

const BUFFER: usize = 64 << 10;
