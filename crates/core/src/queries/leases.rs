//! Who does the work that runs once in a cluster.
//!
//! A lease saves work, it is no lock: a holder that is slow, or whose clock is wrong, may go on when
//! another has taken over. So what is done under a lease must also be safe when two do it, by
//! conditions in its own statements.

use crate::connection::Connection;
use crate::models::Micros;
use crate::schema::leases;
use diesel::prelude::*;
use diesel::upsert::excluded;

/// A lease that seems to last this much longer than it can was taken by a clock that ran ahead: it
/// is void, or one jump of a clock would stop the work for as long as the jump was.
const MOST_AHEAD: Micros = 15 * 60 * 1_000_000;

/// Takes or renews a lease until `now + ttl`; false when another holds it.
///
/// Of several that claim at once exactly one gets true. `holder` is the identity of a process, never
/// of a machine: two processes on one machine are two holders.
///
/// # Errors
/// Diesel's.
pub fn claim_lease(
    conn: &mut Connection,
    name: &str,
    holder: &str,
    now: Micros,
    ttl: Micros,
) -> QueryResult<bool> {
    let expires_at = now.saturating_add(ttl);
    // One statement, decided under the row's lock. An arm for each, as ON CONFLICT needs.
    macro_rules! claim {
        ($conn:expr) => {{
            let insert = diesel::insert_into(leases::table)
                .values((
                    leases::name.eq(name),
                    leases::holder.eq(holder),
                    leases::expires_at.eq(expires_at),
                ))
                .on_conflict(leases::name)
                .do_update()
                .set((
                    leases::holder.eq(excluded(leases::holder)),
                    leases::expires_at.eq(excluded(leases::expires_at)),
                ));
            let free = leases::holder
                .eq(holder)
                .or(leases::expires_at.le(now))
                .or(leases::expires_at.gt(expires_at.saturating_add(MOST_AHEAD)));
            diesel::query_dsl::methods::FilterDsl::filter(insert, free).execute($conn)
        }};
    }
    let rows = match conn {
        Connection::Postgres(pg) => claim!(pg),
        Connection::Sqlite(sqlite) => claim!(sqlite),
    }?;
    Ok(rows > 0)
}

/// Gives a lease up, so that another need not wait for its end; false when the holder has none.
///
/// # Errors
/// Diesel's.
pub fn release_lease(conn: &mut Connection, name: &str, holder: &str) -> QueryResult<bool> {
    let held = leases::table.find(name).filter(leases::holder.eq(holder));
    diesel::delete(held).execute(conn).map(|rows| rows > 0)
}
