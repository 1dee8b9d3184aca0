//! What a command is given in a file, or on standard input.

use std::path::Path;

use anyhow::{Context as _, anyhow};
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage};

/// The text of `file`; of - that of standard input.
pub(super) fn text(file: &Path) -> anyhow::Result<String> {
    let text = if file == Path::new("-") {
        std::io::read_to_string(std::io::stdin())
    } else {
        std::fs::read_to_string(file)
    };
    text.with_context(|| format!("{}: cannot be read", file.display()))
}

/// The contract's message `name` from `file`, which has it as JSON.
pub(super) fn message<M: Message + Default>(name: &str, file: &Path) -> anyhow::Result<M> {
    let text = text(file)?;
    let pool = DescriptorPool::decode(statuscheck_proto::DESCRIPTOR_SET)?;
    let descriptor = pool.get_message_by_name(name);
    let descriptor = descriptor.ok_or_else(|| anyhow!("{name} is not in the contract"))?;
    let short = descriptor.name().to_owned();
    let mut reader = serde_json::Deserializer::from_str(&text);
    let message = DynamicMessage::deserialize(descriptor, &mut reader);
    // The parser's own words quote what it read, which is about a person.
    let message = message
        .and_then(|message| reader.end().map(|()| message))
        .map_err(|fault| {
            anyhow!(
                "{}: is not JSON of {short} (line {})",
                file.display(),
                fault.line()
            )
        })?;
    Ok(M::decode(message.encode_to_vec().as_slice())?)
}
