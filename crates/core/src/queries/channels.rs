//! Where alerts are told, and what waits to be told there.

use super::alerts::AlertRow;
use super::users::taken_is_none;
use super::write_transaction;
use crate::alert::{Alert, Telling};
use crate::connection::Connection;
use crate::models::Micros;
use crate::schema::{alert_channels, alert_notices, alerts};
use diesel::prelude::*;

const SECOND: Micros = 1_000_000;
/// What happens within this time after a message is told together in the next.
const PAUSE: Micros = 30 * SECOND;
/// The first pause after a failure; it doubles.
const FIRST_RETRY: Micros = 30 * SECOND;
/// The longest.
const LAST_RETRY: Micros = 15 * 60 * SECOND;
/// What could not be told for this long is not news any more.
const GIVE_UP_AFTER: Micros = 3 * 24 * 3600 * SECOND;
/// Lines in one message at the most; the rest follows in the next.
const LINES: i64 = 50;

crate::models::small_enum! {
    /// How a channel is reached.
    ChannelKind {
        /// Mail by SMTP.
        Mail = 0,
        /// A webhook that takes what Slack takes.
        Slack = 1,
        /// A webhook that is signed as Standard Webhooks says.
        Webhook = 2,
    }
}

/// A row of `alert_channels`.
#[derive(Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = alert_channels)]
pub struct ChannelRow {
    /// Key.
    pub id: i64,
    /// Unique.
    pub name: String,
    /// A [`ChannelKind`] code.
    pub kind: i16,
    /// Addresses of a mail separated by commas, the URL of a webhook; empty when the URL is secret.
    pub target: String,
    /// Sealed: the URL of a Slack webhook, the signing secret of a signed one.
    pub secret: Option<Vec<u8>>,
    /// When.
    pub created_at: Micros,
    /// Set when nothing is told here.
    pub disabled_at: Option<Micros>,
    /// When the last message was taken.
    pub last_sent_at: Option<Micros>,
    /// How many tries in a row failed.
    pub failures: i64,
    /// Not tried before.
    pub retry_at: Option<Micros>,
    /// Why the last try failed; none when it did not.
    pub last_error: Option<String>,
}

impl ChannelRow {
    /// How it is reached; `None` for a kind that this version does not know.
    pub fn kind(&self) -> Option<ChannelKind> {
        ChannelKind::from_code(self.kind)
    }

    /// True when it needs a secret and has lost it.
    pub fn lacks_secret(&self) -> bool {
        self.secret.is_none() && self.kind() != Some(ChannelKind::Mail)
    }
}

impl std::fmt::Debug for ChannelRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ChannelRow")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// What is said of a channel: to insert one, or to change one.
#[derive(Clone)]
pub struct NewChannel {
    /// Unique.
    pub name: String,
    /// How it is reached.
    pub kind: ChannelKind,
    /// See [`ChannelRow::target`].
    pub target: String,
    /// See [`ChannelRow::secret`].
    pub secret: Option<Vec<u8>>,
}

/// Adds a channel and gives its key; `None` when the name is taken.
///
/// # Errors
/// Diesel's.
pub fn insert_channel(
    conn: &mut Connection,
    channel: &NewChannel,
    at: Micros,
) -> QueryResult<Option<i64>> {
    let inserted = diesel::insert_into(alert_channels::table)
        .values((
            alert_channels::name.eq(&channel.name),
            alert_channels::kind.eq(channel.kind.code()),
            alert_channels::target.eq(&channel.target),
            alert_channels::secret.eq(&channel.secret),
            alert_channels::created_at.eq(at),
            alert_channels::failures.eq(0_i64),
        ))
        .returning(alert_channels::id)
        .get_result(conn);
    taken_is_none(inserted)
}

/// Every channel by name.
///
/// # Errors
/// Diesel's.
pub fn list_channels(conn: &mut Connection) -> QueryResult<Vec<ChannelRow>> {
    alert_channels::table.order(alert_channels::name).select(ChannelRow::as_select()).load(conn)
}

/// A channel; `None` when there is none of this key.
///
/// # Errors
/// Diesel's.
pub fn find_channel(conn: &mut Connection, id: i64) -> QueryResult<Option<ChannelRow>> {
    alert_channels::table.find(id).select(ChannelRow::as_select()).first(conn).optional()
}

/// Turns a channel off, or on again when `at` is `None`; false when there is no such channel.
///
/// # Errors
/// Diesel's.
pub fn disable_channel(conn: &mut Connection, id: i64, at: Option<Micros>) -> QueryResult<bool> {
    diesel::update(alert_channels::table.find(id))
        .set(alert_channels::disabled_at.eq(at))
        .execute(conn)
        .map(|rows| rows > 0)
}

/// Deletes a channel with what waits for it; false when there was none.
///
/// # Errors
/// Diesel's.
pub fn delete_channel(conn: &mut Connection, id: i64) -> QueryResult<bool> {
    diesel::delete(alert_channels::table.find(id)).execute(conn).map(|rows| rows > 0)
}

/// Seals every secret anew; gives how many. What `reseal` fails for stays as it is.
///
/// # Errors
/// Diesel's; nothing was changed then.
pub fn reseal_channels(
    conn: &mut Connection,
    reseal: impl Fn(&ChannelRow) -> Option<Vec<u8>>,
) -> QueryResult<usize> {
    write_transaction(conn, |conn| {
        let mut changed = 0;
        for channel in list_channels(conn)? {
            if let Some(secret) = channel.secret.is_some().then(|| reseal(&channel)).flatten() {
                changed += diesel::update(alert_channels::table.find(channel.id))
                    .set(alert_channels::secret.eq(secret))
                    .execute(conn)?;
            }
        }
        Ok(changed)
    })
}

/// Takes the secrets away that `opens` says no key opens any more, and has each channel say `why`;
/// gives how many. What waits there goes out once somebody has given the secret again.
///
/// # Errors
/// Diesel's; nothing was changed then.
pub fn forget_channel_secrets(
    conn: &mut Connection,
    opens: impl Fn(&ChannelRow) -> bool,
    why: &str,
) -> QueryResult<usize> {
    write_transaction(conn, |conn| {
        let lost = |channel: &ChannelRow| channel.secret.is_some() && !opens(channel);
        let ids: Vec<i64> =
            list_channels(conn)?.iter().filter(|channel| lost(channel)).map(|one| one.id).collect();
        diesel::update(alert_channels::table.filter(alert_channels::id.eq_any(ids)))
            .set((alert_channels::secret.eq(None::<Vec<u8>>), alert_channels::last_error.eq(why)))
            .execute(conn)
    })
}

/// Gives a channel a secret and where it goes, and forgets its failures; false when there is no such
/// channel.
///
/// # Errors
/// Diesel's.
pub fn replace_channel_secret(
    conn: &mut Connection,
    id: i64,
    target: &str,
    secret: &[u8],
) -> QueryResult<bool> {
    diesel::update(alert_channels::table.find(id))
        .set((
            alert_channels::target.eq(target),
            alert_channels::secret.eq(secret),
            alert_channels::failures.eq(0_i64),
            alert_channels::retry_at.eq(None::<Micros>),
            alert_channels::last_error.eq(None::<String>),
        ))
        .execute(conn)
        .map(|rows| rows > 0)
}

/// Something to be told on a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Key.
    pub id: i64,
    /// What it is about, as it is now.
    pub alert: Alert,
    /// What is said.
    pub telling: Telling,
    /// How often it had happened when it was said.
    pub count: i64,
    /// When it was said.
    pub created_at: Micros,
}

/// Channels with something that is due and that may be tried now.
///
/// # Errors
/// Diesel's.
pub fn list_due_channels(conn: &mut Connection, now: Micros) -> QueryResult<Vec<ChannelRow>> {
    let due = alert_notices::table
        .filter(alert_notices::sent_at.is_null())
        .filter(alert_notices::given_up_at.is_null())
        .filter(alert_notices::due_at.le(now))
        .select(alert_notices::channel_id);
    alert_channels::table
        .filter(alert_channels::disabled_at.is_null())
        .filter(alert_channels::retry_at.is_null().or(alert_channels::retry_at.le(now)))
        .filter(alert_channels::id.eq_any(due))
        .order(alert_channels::id)
        .select(ChannelRow::as_select())
        .load(conn)
}

/// Claims a try of a channel and gives what is due there, oldest first; empty when another node has
/// claimed it. The try counts as failed until [`mark_channel_sent`] says otherwise, so a node that
/// dies in between delays a message and does not repeat it at once.
///
/// # Errors
/// Diesel's.
pub fn claim_notices(
    conn: &mut Connection,
    channel: &ChannelRow,
    now: Micros,
) -> QueryResult<Vec<Notice>> {
    write_transaction(conn, |conn| {
        let pause = FIRST_RETRY << channel.failures.clamp(0, 5);
        let as_read = alert_channels::table
            .find(channel.id)
            .filter(alert_channels::failures.eq(channel.failures))
            .filter(alert_channels::retry_at.is_null().or(alert_channels::retry_at.le(now)));
        let claimed = diesel::update(as_read)
            .set((
                alert_channels::failures.eq(channel.failures + 1),
                alert_channels::retry_at.eq(now + pause.min(LAST_RETRY)),
            ))
            .execute(conn)?;
        if claimed == 0 {
            return Ok(Vec::new());
        }
        let rows: Vec<(i64, i16, i64, Micros, AlertRow)> = alert_notices::table
            .inner_join(alerts::table.on(alerts::id.eq(alert_notices::alert_id)))
            .filter(alert_notices::channel_id.eq(channel.id))
            .filter(alert_notices::sent_at.is_null())
            .filter(alert_notices::given_up_at.is_null())
            .filter(alert_notices::due_at.le(now))
            .order(alert_notices::id)
            .limit(LINES)
            .select((
                alert_notices::id,
                alert_notices::kind,
                alert_notices::count,
                alert_notices::created_at,
                AlertRow::as_select(),
            ))
            .load(conn)?;
        let notice = |(id, kind, count, created_at, row): (i64, i16, i64, Micros, AlertRow)| {
            let (telling, alert) = (Telling::from_code(kind)?, row.into_alert()?);
            Some(Notice { id, alert, telling, count, created_at })
        };
        Ok(rows.into_iter().filter_map(notice).collect())
    })
}

/// A message was taken: its notices are told, and the channel is well.
///
/// # Errors
/// Diesel's.
pub fn mark_channel_sent(
    conn: &mut Connection,
    channel: i64,
    notices: &[i64],
    now: Micros,
) -> QueryResult<()> {
    write_transaction(conn, |conn| {
        diesel::update(alert_notices::table.filter(alert_notices::id.eq_any(notices)))
            .set(alert_notices::sent_at.eq(now))
            .execute(conn)?;
        diesel::update(alert_channels::table.find(channel))
            .set((
                alert_channels::last_sent_at.eq(now),
                alert_channels::failures.eq(0_i64),
                alert_channels::retry_at.eq(now + PAUSE),
                alert_channels::last_error.eq(None::<String>),
            ))
            .execute(conn)
            .map(drop)
    })
}

/// A message was not taken: says why, for people to see. When it is tried again was set by the claim.
///
/// # Errors
/// Diesel's.
pub fn mark_channel_failed(conn: &mut Connection, channel: i64, why: &str) -> QueryResult<()> {
    diesel::update(alert_channels::table.find(channel))
        .set(alert_channels::last_error.eq(why))
        .execute(conn)
        .map(drop)
}

/// How many notices wait for each channel, by its key.
///
/// # Errors
/// Diesel's.
pub fn count_waiting_notices(conn: &mut Connection) -> QueryResult<Vec<(i64, i64)>> {
    alert_notices::table
        .filter(alert_notices::sent_at.is_null())
        .filter(alert_notices::given_up_at.is_null())
        .group_by(alert_notices::channel_id)
        .order(alert_notices::channel_id)
        .select((alert_notices::channel_id, diesel::dsl::count_star()))
        .load(conn)
}

/// Gives up what could not be told for three days; gives how many.
///
/// # Errors
/// Diesel's.
pub fn give_up_notices(conn: &mut Connection, now: Micros) -> QueryResult<usize> {
    let old = alert_notices::table
        .filter(alert_notices::sent_at.is_null())
        .filter(alert_notices::given_up_at.is_null())
        .filter(alert_notices::due_at.lt(now - GIVE_UP_AFTER));
    diesel::update(old).set(alert_notices::given_up_at.eq(now)).execute(conn)
}
